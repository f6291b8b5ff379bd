//! HEIF files by recipe.

use crate::container::tiny::{be, bx, cat};

/// `hvcC` of both tiles. They were coded by x265 3.5, 64×64, full range:
/// `ffmpeg -f lavfi -i "nullsrc=s=64x64,format=yuv420p,geq=lum='…':cb=…:cr=128"
/// -frames:v 1 -c:v libx265 -color_range pc -x265-params keyint=1:qp=24`.
const HVCC: &str = "0104080000009fa8000000001ef000fcfdf8f800000f03a00001001740010c01ffff0408000003009fa8000003\
     00001eba0240a1000100274201010408000003009fa800000300001ea020810596ea4932bc05b0200000030020\
     0000030321a2000100064401c1718112";
/// Luma 40 + 2x, blue difference 100.
const RIGHTWARDS: &str =
    "000000232801af1780e715c69a70c297c0a1d313ca393fd9a5ebb8f0a331689d0d6a05af2f7380";
/// Luma 200 - 2y, blue difference 160.
const DOWNWARDS: &str =
    "000000272801af1780e729d45bacd0a9168bab61378092fd91bc3298bad55d76806890f6e7dc0fb33c7ff0";
/// A whole AVIF of 64×64 with the luma of the first: the same with
/// `-c:v libaom-av1 -still-picture 1 -crf 20`.
const AVIF: &str = "00000020667479706176696600000000617669666d6966316d6961664d413142000000f96d6574610000000000\
     00002f68646c720000000000000000706963740000000000000000000000005069637475726548616e646c6572\
     000000000e7069746d0000000000010000001e696c6f6300000000440000010001000000010000012100000026\
     0000002869696e660000000000010000001a696e6665020000000001000061763031436f6c6f72000000006a69\
     7072700000004b6970636f00000014697370650000000000000040000000400000001070697869000000000308\
     08080000000c6176314381000c0000000013636f6c726e636c78000200020002800000001769706d6100000000\
     00000001000104010283040000002e6d6461740a0618157ffdb108321c1500000048000000248134ad4a946abc\
     e55b8259acd24b2f9db30c56";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(char::is_ascii_hexdigit).collect();
    let pair = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

/// A tile whose luma is 40 + 2x.
pub(crate) fn rightwards() -> Vec<u8> {
    bytes(RIGHTWARDS)
}

/// A tile whose luma is 200 - 2y.
pub(crate) fn downwards() -> Vec<u8> {
    bytes(DOWNWARDS)
}

/// A whole AVIF.
pub(crate) fn avif() -> Vec<u8> {
    bytes(AVIF)
}

/// A HEIC file: tiles of 64×64 in a grid, or one coded picture.
#[derive(Clone, Debug)]
pub(crate) struct Heic {
    pub(crate) columns: u8,
    pub(crate) size: (u16, u16),
    pub(crate) tiles: Vec<Vec<u8>>,
    /// Properties of the shown picture beside its size, in order.
    pub(crate) properties: Vec<Vec<u8>>,
    /// Whether a small picture stands for it: the last of the tiles.
    pub(crate) thumbnail: bool,
}

impl Default for Heic {
    /// Two tiles beside each other, a few columns and rows cut off.
    fn default() -> Self {
        Self {
            columns: 2,
            size: (120, 60),
            tiles: vec![rightwards(), downwards()],
            properties: Vec::new(),
            thumbnail: false,
        }
    }
}

/// `irot` by quarters anticlockwise.
pub(crate) fn irot(quarters: u8) -> Vec<u8> {
    bx(b"irot", &[quarters])
}

/// `imir`: 0 exchanges top and bottom, 1 left and right.
pub(crate) fn imir(axis: u8) -> Vec<u8> {
    bx(b"imir", &[axis])
}

fn ispe(width: u32, height: u32) -> Vec<u8> {
    bx(b"ispe", &be(&[0, width, height]))
}

fn infe(id: u16, kind: &[u8; 4]) -> Vec<u8> {
    bx(
        b"infe",
        &cat(&[&be(&[0x0200_0000]), &id.to_be_bytes(), &[0; 2], kind, &[0]]),
    )
}

impl Heic {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        // Item 1 is shown; the grid's description stands in `idat`.
        let count = u16::try_from(self.tiles.len()).unwrap();
        let is_grid = count > 1;
        let first_tile: u16 = if is_grid { 2 } else { 1 };
        let ids = first_tile..first_tile + count;
        let rows = count / u16::from(self.columns);
        let (width, height) = self.size;
        let grid = cat(&[
            &[0, 0, (rows - 1) as u8, self.columns - 1],
            &width.to_be_bytes(),
            &height.to_be_bytes(),
        ]);
        let mut infes: Vec<Vec<u8>> = ids.clone().map(|id| infe(id, b"hvc1")).collect();
        if is_grid {
            infes.insert(0, infe(1, b"grid"));
        }
        let entries = u16::try_from(infes.len()).unwrap().to_be_bytes();
        let iinf = bx(b"iinf", &cat(&[&[0; 4], &entries, &infes.concat()]));
        let mut references = Vec::new();
        if is_grid {
            let to: Vec<u8> = ids.clone().flat_map(u16::to_be_bytes).collect();
            let head = [1, count].map(u16::to_be_bytes).concat();
            references.push(bx(b"dimg", &cat(&[&head, &to])));
        }
        if self.thumbnail {
            let last = [ids.end - 1, 1, 1].map(u16::to_be_bytes).concat();
            references.push(bx(b"thmb", &last));
        }
        let iref = bx(b"iref", &cat(&[&[0; 4], &references.concat()]));
        // Properties 1 to 3, then those of the shown picture.
        let shared = [
            bx(b"hvcC", &bytes(HVCC)),
            ispe(64, 64),
            ispe(width.into(), height.into()),
        ];
        let ipco = bx(
            b"ipco",
            &cat(&[&shared.concat(), &self.properties.concat()]),
        );
        let own = (4..4 + self.properties.len() as u8).collect::<Vec<u8>>();
        let mut applied = Vec::new();
        for id in ids.clone() {
            let mut numbers = vec![0x81, 2];
            if !is_grid {
                numbers.extend(&own);
            }
            applied.push(cat(&[&id.to_be_bytes(), &[numbers.len() as u8], &numbers]));
        }
        if is_grid {
            let numbers = cat(&[&[3], &own]);
            applied.push(cat(&[
                &1_u16.to_be_bytes(),
                &[numbers.len() as u8],
                &numbers,
            ]));
        }
        let many = u32::try_from(applied.len()).unwrap();
        let ipma = bx(b"ipma", &cat(&[&be(&[0, many]), &applied.concat()]));
        let iprp = bx(b"iprp", &cat(&[&ipco, &ipma]));
        let pitm = bx(b"pitm", &[0, 0, 0, 0, 0, 1]);
        let ftyp = bx(b"ftyp", b"heic\0\0\0\0heicmif1");
        let with_places = |mdat: u32| {
            let mut places = Vec::new();
            if is_grid {
                places.push(cat(&[&[0, 1, 0, 1, 0, 0, 0, 1], &be(&[0, 8])]));
            }
            let mut at = mdat;
            for (id, tile) in ids.clone().zip(&self.tiles) {
                let length = u32::try_from(tile.len()).unwrap();
                let head = [id, 0, 0, 1].map(u16::to_be_bytes).concat();
                places.push(cat(&[&head, &be(&[at, length])]));
                at += length;
            }
            let many = u16::try_from(places.len()).unwrap().to_be_bytes();
            let iloc = cat(&[&be(&[0x0100_0000]), &[0x44, 0], &many, &places.concat()]);
            let inside = [
                [0; 4].to_vec(),
                pitm.clone(),
                bx(b"iloc", &iloc),
                iinf.clone(),
                iref.clone(),
                iprp.clone(),
                bx(b"idat", &grid),
            ];
            cat(&[&ftyp, &bx(b"meta", &inside.concat())])
        };
        let mdat = u32::try_from(with_places(0).len()).unwrap() + 8;
        cat(&[&with_places(mdat), &bx(b"mdat", &self.tiles.concat())])
    }
}
