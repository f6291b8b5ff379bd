//! What of a file can be constant over all files of one model.

use serde::{Deserialize, Serialize};

use crate::text::StaticText;

/// Declares the features: slug, weight, and the words of both languages.
macro_rules! features {
    ($( $name:ident, $weight:ident, $zh:literal, $en:literal; )+) => {
        /// One thing that a recorder does alike in every file. A file has one
        /// value of it, or several where it is a set.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum Feature {
            $( #[doc = $en] $name, )+
        }

        impl Feature {
            /// All of them.
            pub const ALL: &[Self] = &[ $( Self::$name ),+ ];

            /// Its name for a person.
            pub fn title(self) -> StaticText {
                match self {
                    $( Self::$name => StaticText { zh: $zh, en: $en }, )+
                }
            }

            /// What a difference weighs.
            pub fn weight(self) -> Weight {
                match self {
                    $( Self::$name => Weight::$weight, )+
                }
            }
        }
    };
}

/// What a difference in a feature weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Written by the recorder's own program: the same in every file.
    Signature,
    /// A habit that the scene or the light may break.
    Habit,
}

features! {
    Format, Signature, "封装格式", "wrapping";
    TopLevel, Signature, "顶层结构次序", "order of the top-level elements";
    Brands, Signature, "文件类型标识 (ftyp)", "file type brands (ftyp)";
    Handlers, Signature, "轨道处理器名称", "handler names of the tracks";
    Tracks, Signature, "轨道", "tracks";
    FirstTrack, Signature, "首条轨道", "first track";
    MovieTimescale, Signature, "影片时钟 (mvhd)", "movie timescale (mvhd)";
    MediaTimescales, Signature, "轨道时钟 (mdhd)", "media timescales (mdhd)";
    TimesWritten, Signature, "影片时间是否写入", "whether the movie's times are written";
    TagPlaces, Signature, "元数据所在", "where tags stand";
    TagNames, Signature, "元数据字段", "names of the tags";
    Writers, Signature, "写入程序与编码器自述", "names of muxer and encoder";
    StreamNames, Habit, "媒体数据开头的程序名", "names of programs at the start of the media data";
    Coding, Signature, "画面编码", "coding of the pictures";
    Sps, Signature, "序列参数集", "sequence parameter set";
    Pps, Habit, "图像参数集", "picture parameter set";
    Vps, Signature, "视频参数集", "video parameter set";
    Sound, Habit, "声音编码", "coding of the sound";
    EditLists, Habit, "编辑列表写法", "habit of edit lists";
    GroupLength, Habit, "图像组长度", "length of groups of pictures";
    GroupPattern, Habit, "图像组内的图像类型", "kinds of pictures in a group";
    StreamMessages, Habit, "码流附加信息种类 (SEI)", "kinds of messages in the stream (SEI)";
    IdrNumbers, Habit, "IDR 编号方式", "numbering of IDR pictures";
    TimeModel, Habit, "创建与修改时间的关系", "how creation and modification time relate";
    // Told of no file any more; exemplars learnt before name it.
    JpegSegments, Signature, "JPEG 段次序", "order of the JPEG segments";
    JpegOrder, Signature, "JPEG 表与段的写法", "how JPEG tables and JFIF stand";
    JpegMakersSegments, Habit, "JPEG 应用段", "application segments of the JPEG";
    JpegQuantisation, Habit, "JPEG 量化表", "JPEG quantisation tables";
    JpegSampling, Signature, "JPEG 色度采样", "JPEG chroma sampling";
    JpegCoding, Signature, "JPEG 编码方式", "way of JPEG coding";
    ExifBlock, Signature, "EXIF 写法", "way of EXIF";
    MakerNote, Signature, "厂商私有数据", "maker's own notes";
    EmbeddedThumbnail, Signature, "内嵌缩略图", "embedded thumbnail";
    ThumbnailSize, Signature, "内嵌缩略图大小", "size of the embedded thumbnail";
    ExifOrder, Signature, "EXIF 各部分的次序", "order of the parts of EXIF";
    ExifManner, Signature, "EXIF 数据的排列方式", "how the values of EXIF lie";
    ExifTags, Habit, "EXIF 标签及类型", "tags of EXIF and their types";
    NotesForm, Signature, "厂商私有数据的格式", "form of the maker's own notes";
    ColourProfile, Habit, "色彩描述文件", "colour profile";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_feature_has_words_of_its_own_in_both_languages() {
        let zh: BTreeSet<&str> = Feature::ALL.iter().map(|f| f.title().zh).collect();
        let en: BTreeSet<&str> = Feature::ALL.iter().map(|f| f.title().en).collect();
        assert_eq!(
            (zh.len(), en.len()),
            (Feature::ALL.len(), Feature::ALL.len())
        );
    }
}
