//! The attic: sees everything, is seen by nothing. What several tests share.

pub mod accuracy;
pub mod browser;
pub mod fault_proxy;
pub mod relay;
pub mod running;
pub mod seaweedfs;
pub mod spent;
