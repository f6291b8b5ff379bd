//! DER (ITU-T X.690) as far as certificates need it: definite lengths, tags
//! below 31, nothing copied.

/// One item: its tag, what it holds, and all of it with its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item<'a> {
    pub(crate) tag: u8,
    pub(crate) body: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// Tags of X.690 and X.680 that are read here.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BITS: u8 = 0x03;
    pub(crate) const OCTETS: u8 = 0x04;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const TIME: u8 = 0x18;
    pub(crate) const BMP_STRING: u8 = 0x1E;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;
    /// `[0]` and `[3]`, explicit.
    pub(crate) const EXPLICIT_0: u8 = 0xA0;
    pub(crate) const EXPLICIT_3: u8 = 0xA3;
}

/// Items one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Der<'a> {
    rest: &'a [u8],
}

impl<'a> Der<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next item if it has this tag.
    pub(crate) fn item(&mut self, tag: u8) -> Option<Item<'a>> {
        let mut ahead = *self;
        let item = ahead.next().filter(|item| item.tag == tag)?;
        *self = ahead;
        Some(item)
    }

    /// What the next item with this tag holds, as items.
    pub(crate) fn enter(&mut self, tag: u8) -> Option<Der<'a>> {
        self.item(tag).map(|item| Der::new(item.body))
    }
}

impl<'a> Iterator for Der<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        let (&tag, rest) = self.rest.split_first()?;
        let (&short, rest) = rest.split_first()?;
        if tag & 0x1F == 0x1F {
            return None;
        }
        let (length, body) = if short < 0x80 {
            (usize::from(short), rest)
        } else {
            let width = usize::from(short & 0x7F);
            if !(1..=4).contains(&width) {
                return None;
            }
            let (length, body) = rest.split_at_checked(width)?;
            let length = length
                .iter()
                .fold(0_u64, |sum, &b| (sum << 8) | u64::from(b));
            (usize::try_from(length).ok()?, body)
        };
        let (body, after) = body.split_at_checked(length)?;
        let whole = self.rest.get(..self.rest.len() - after.len())?;
        self.rest = after;
        Some(Item { tag, body, whole })
    }
}

/// Items of DER made for tests.
#[cfg(test)]
pub(crate) fn made(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut out = vec![tag];
    if body.len() < 0x80 {
        out.push(body.len() as u8);
    } else {
        out.push(0x82);
        out.extend((body.len() as u16).to_be_bytes());
    }
    out.extend(body);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read_in_turn_and_cuts_end_the_reading() {
        let long = vec![7; 300];
        let bytes = made(
            tag::SEQUENCE,
            &[&made(tag::INTEGER, &[&[5]]), &made(tag::OCTETS, &[&long])],
        );
        let mut outer = Der::new(&bytes);
        assert!(outer.item(tag::SET).is_none());
        let mut inner = outer.enter(tag::SEQUENCE).unwrap();
        assert_eq!(inner.item(tag::INTEGER).unwrap().body, [5]);
        let octets = inner.item(tag::OCTETS).unwrap();
        assert_eq!((octets.body.len(), octets.whole.len()), (300, 304));
        assert!(inner.next().is_none() && outer.next().is_none());
        for end in 0..bytes.len() {
            assert!(Der::new(&bytes[..end]).next().is_none());
        }
        assert!(Der::new(&[0x30, 0x80, 0, 0]).next().is_none());
        assert!(
            Der::new(&[0x30, 0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
                .next()
                .is_none()
        );
        assert!(Der::new(&[0x1F, 0x01, 0]).next().is_none());
    }
}
