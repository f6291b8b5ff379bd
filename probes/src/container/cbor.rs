//! CBOR (RFC 8949) as far as C2PA needs it: bounded in depth and
//! number, nothing allocated at the data's word.

/// Deepest nesting followed.
const DEPTH_MAX: u32 = 24;
/// Most values read of one item.
const VALUES_MAX: u32 = 20_000;

/// One value; what has no use here is `Other`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Unsigned(u64),
    /// The number -1 - n.
    Negative(u64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Value<'a>>),
    Map(Vec<(Value<'a>, Value<'a>)>),
    Other,
}

impl<'a> Value<'a> {
    /// The value under a text key of a map.
    pub(super) fn get(&self, key: &str) -> Option<&Value<'a>> {
        match self {
            Self::Map(pairs) => pairs
                .iter()
                .find(|(k, _)| matches!(k, Self::Text(text) if *text == key))
                .map(|(_, v)| v),
            _ => None,
        }
    }

    /// The value under any key of a map.
    pub(super) fn at(&self, key: &Value<'_>) -> Option<&Value<'a>> {
        match self {
            Self::Map(pairs) => pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn unsigned(&self) -> Option<u64> {
        match self {
            Self::Unsigned(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> &[Value<'a>] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }
}

/// The first item in `bytes`; `None` if it is damaged or beyond the bounds.
pub(super) fn read(bytes: &[u8]) -> Option<Value<'_>> {
    let mut reader = Reader {
        rest: bytes,
        values_left: VALUES_MAX,
    };
    reader.value(0)
}

struct Reader<'a> {
    rest: &'a [u8],
    values_left: u32,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(count).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    /// The argument of a head; `None` for strings whose length is not stated.
    fn argument(&mut self, short: u8) -> Option<u64> {
        let width = match short {
            0..=23 => return Some(u64::from(short)),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return None,
        };
        let bytes = self.take(width)?;
        Some(bytes.iter().fold(0, |sum, &b| (sum << 8) | u64::from(b)))
    }

    /// Takes the break if it is next; `None` at the end of the data.
    fn at_break(&mut self) -> Option<bool> {
        let is_break = *self.rest.first()? == 0xFF;
        if is_break {
            self.take(1)?;
        }
        Some(is_break)
    }

    fn value(&mut self, depth: u32) -> Option<Value<'a>> {
        self.values_left = self.values_left.checked_sub(1)?;
        if depth > DEPTH_MAX {
            return None;
        }
        let head = *self.take(1)?.first()?;
        // Arrays and maps whose length is not stated end with a break.
        if head == 0x9F {
            let mut items = Vec::new();
            while !self.at_break()? {
                items.push(self.value(depth + 1)?);
            }
            return Some(Value::Array(items));
        }
        if head == 0xBF {
            let mut pairs = Vec::new();
            while !self.at_break()? {
                pairs.push((self.value(depth + 1)?, self.value(depth + 1)?));
            }
            return Some(Value::Map(pairs));
        }
        let argument = self.argument(head & 0x1F)?;
        Some(match head >> 5 {
            0 => Value::Unsigned(argument),
            1 => Value::Negative(argument),
            2 => Value::Bytes(self.take(argument)?),
            3 => Value::Text(std::str::from_utf8(self.take(argument)?).ok()?),
            4 => {
                let mut items = Vec::new();
                for _ in 0..argument {
                    items.push(self.value(depth + 1)?);
                }
                Value::Array(items)
            }
            5 => {
                let mut pairs = Vec::new();
                for _ in 0..argument {
                    pairs.push((self.value(depth + 1)?, self.value(depth + 1)?));
                }
                Value::Map(pairs)
            }
            // A tag says what the next value is for.
            6 => self.value(depth + 1)?,
            // Floats, true, false, null.
            _ => Value::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_found_by_key() {
        // {"alg": "sha256", "hash": h'0102', "n": [1, 300, -1, true, 1(5)]}
        let bytes =
            b"\xa3\x63alg\x66sha256\x64hash\x42\x01\x02\x61n\x85\x01\x19\x01\x2c\x20\xf5\xc1\x05";
        let value = read(bytes).unwrap();
        assert_eq!(value.get("alg").and_then(Value::text), Some("sha256"));
        assert_eq!(value.get("hash").and_then(Value::bytes), Some(&[1, 2][..]));
        let numbers: Vec<Option<u64>> = value
            .get("n")
            .unwrap()
            .items()
            .iter()
            .map(Value::unsigned)
            .collect();
        assert_eq!(numbers, [Some(1), Some(300), None, None, Some(5)]);
        assert_eq!(value.get("n").unwrap().items()[2], Value::Negative(0));
        assert_eq!(value.at(&Value::Text("alg")), value.get("alg"));
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), None);
        }
    }

    #[test]
    fn lengths_that_are_not_stated_end_with_a_break() {
        // {"n": [1, {"m": 2}], "t": "x"}
        let bytes = b"\xbf\x61n\x9f\x01\xbf\x61m\x02\xff\xff\x61t\x61x\xff";
        let value = read(bytes).unwrap();
        let inner = value.get("n").unwrap().items();
        assert_eq!(inner[0], Value::Unsigned(1));
        assert_eq!(inner[1].get("m").and_then(Value::unsigned), Some(2));
        assert_eq!(value.get("t").and_then(Value::text), Some("x"));
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), None);
        }
        assert_eq!(read(b"\xff"), None);
        assert_eq!(read(&[0x9F; 1_000]), None);
    }

    #[test]
    fn depth_number_and_length_are_bounded() {
        assert_eq!(read(&[0x81; 1_000]), None);
        assert_eq!(read(b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01"), None);
        assert_eq!(read(b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff\x01"), None);
        let mut many = vec![0x9A, 0, 1, 0, 0];
        many.resize(70_000, 0);
        assert_eq!(read(&many), None);
    }
}
