//! The smallest files of each format, built by recipe for tests.

/// One ISO box.
pub(crate) fn bx(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(body.len() + 8)
        .unwrap()
        .to_be_bytes()
        .to_vec();
    out.extend(kind);
    out.extend(body);
    out
}

/// Several byte strings in a row.
pub(crate) fn cat(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// Big-endian 32-bit numbers in a row.
pub(crate) fn be(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

/// One JPEG segment.
pub(crate) fn seg(marker: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![0xFF, marker];
    out.extend(u16::try_from(body.len() + 2).unwrap().to_be_bytes());
    out.extend(body);
    out
}

/// A JPEG of which only the structure is real: `extra` segments behind SOI.
pub(crate) fn jpeg(extra: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![0xFF, 0xD8];
    out.extend(extra.concat());
    out.extend(seg(0xDB, &[0; 65]));
    out.extend(seg(0xC0, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0]));
    out.extend(seg(0xDA, &[1, 1, 0, 0, 63, 0]));
    out.extend([0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56, 0x78]);
    out.extend([0xFF, 0xD9]);
    out
}

/// A JPEG as a phone writes it: EXIF first.
pub(crate) fn phone_jpeg() -> Vec<u8> {
    jpeg(&[seg(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0")])
}

/// What varies in a small movie.
#[derive(Clone)]
pub(crate) struct Movie {
    pub(crate) ftyp: Vec<u8>,
    pub(crate) timescale: u32,
    pub(crate) created: u32,
    pub(crate) modified: u32,
    pub(crate) video_handler: &'static [u8],
    /// (count, ticks) of the picture track, 600 ticks a second.
    pub(crate) stts: Vec<(u32, u32)>,
    /// (duration in movie ticks, media time, rate 16.16).
    pub(crate) edits: Vec<(u32, i32)>,
    pub(crate) first_ctts: u32,
    /// (count, ticks) of composition offsets; empty: `first_ctts` for all.
    pub(crate) ctts: Vec<(u32, u32)>,
    /// Numbers of the key samples.
    pub(crate) stss: Vec<u32>,
    /// Duration in the media header; `None`: that of the samples.
    pub(crate) media_ticks: Option<u32>,
    pub(crate) descriptions: u32,
    /// Boxes behind the tracks in `moov`: `udta`, `meta`.
    pub(crate) extra: Vec<u8>,
    pub(crate) mdat: Vec<u8>,
    pub(crate) index_first: bool,
}

impl Default for Movie {
    fn default() -> Self {
        Self {
            ftyp: b"qt  \0\0\0\0qt  ".to_vec(),
            timescale: 600,
            created: 3_800_000_000,
            modified: 3_800_000_010,
            video_handler: b"Core Media Video\0",
            stts: vec![(300, 20)],
            edits: vec![(6000, 0)],
            first_ctts: 0,
            ctts: Vec::new(),
            stss: vec![1, 31],
            media_ticks: None,
            descriptions: 1,
            extra: Vec::new(),
            mdat: vec![0x11; 256],
            index_first: false,
        }
    }
}

impl Movie {
    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let ftyp = bx(b"ftyp", &self.ftyp);
        let mdat = bx(b"mdat", &self.mdat);
        let moov = self.moov();
        if self.index_first {
            cat(&[&ftyp, &moov, &mdat])
        } else {
            cat(&[&ftyp, &mdat, &moov])
        }
    }

    fn moov(&self) -> Vec<u8> {
        let mvhd = cat(&[
            &be(&[0, self.created, self.modified, self.timescale, 6000]),
            &[0; 76],
            &be(&[2]),
        ]);
        bx(
            b"moov",
            &cat(&[&bx(b"mvhd", &mvhd), &self.trak(), &self.extra]),
        )
    }

    fn trak(&self) -> Vec<u8> {
        let ticks: u32 = self.stts.iter().map(|(n, d)| n * d).sum();
        let count = u32::try_from(self.stts.len()).unwrap();
        let mut stts = be(&[0, count]);
        for &(n, d) in &self.stts {
            stts.extend(be(&[n, d]));
        }
        let mut elst = be(&[0, u32::try_from(self.edits.len()).unwrap()]);
        for &(duration, media) in &self.edits {
            elst.extend(duration.to_be_bytes());
            elst.extend(media.to_be_bytes());
            elst.extend(be(&[0x0001_0000]));
        }
        let entry = bx(b"avc1", &[0; 78]);
        let stsd = cat(&[
            &be(&[0, self.descriptions]),
            &entry.repeat(self.descriptions as usize),
        ]);
        let plain = vec![(300, self.first_ctts)];
        let offsets = if self.ctts.is_empty() {
            &plain
        } else {
            &self.ctts
        };
        let mut ctts = be(&[0, u32::try_from(offsets.len()).unwrap()]);
        for &(n, ticks) in offsets {
            ctts.extend(be(&[n, ticks]));
        }
        let mut stss = be(&[0, u32::try_from(self.stss.len()).unwrap()]);
        stss.extend(be(&self.stss));
        let stbl = bx(
            b"stbl",
            &cat(&[
                &bx(b"stsd", &stsd),
                &bx(b"stts", &stts),
                &bx(b"ctts", &ctts),
                &bx(b"stss", &stss),
            ]),
        );
        let mdhd = be(&[
            0,
            self.created,
            self.modified,
            600,
            self.media_ticks.unwrap_or(ticks),
            0x55C4_0000,
        ]);
        let hdlr = cat(&[&[0; 8], b"vide", &[0; 12], self.video_handler]);
        let mdia = bx(
            b"mdia",
            &cat(&[
                &bx(b"mdhd", &mdhd),
                &bx(b"hdlr", &hdlr),
                &bx(b"minf", &stbl),
            ]),
        );
        let tkhd = cat(&[&be(&[1, self.created, self.modified, 1, 0, 6000]), &[0; 60]]);
        let edts = bx(b"edts", &bx(b"elst", &elst));
        bx(b"trak", &cat(&[&bx(b"tkhd", &tkhd), &edts, &mdia]))
    }
}

/// A `meta` box of QuickTime Keys.
pub(crate) fn keys(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut names = be(&[0, u32::try_from(pairs.len()).unwrap()]);
    let mut items = Vec::new();
    for (i, (name, value)) in pairs.iter().enumerate() {
        names.extend(bx(b"mdta", name.as_bytes()));
        let data = bx(b"data", &cat(&[&be(&[1, 0]), value.as_bytes()]));
        let number = (u32::try_from(i).unwrap() + 1).to_be_bytes();
        items.extend(bx(&number, &data));
    }
    let hdlr = bx(b"hdlr", &cat(&[&[0; 8], b"mdta", &[0; 13]]));
    bx(
        b"meta",
        &cat(&[&hdlr, &bx(b"keys", &names), &bx(b"ilst", &items)]),
    )
}

/// `udta/meta/ilst/©too`, as FFmpeg and iTunes write it.
pub(crate) fn itunes_tool(tool: &str) -> Vec<u8> {
    let data = bx(b"data", &cat(&[&be(&[1, 0]), tool.as_bytes()]));
    let ilst = bx(b"ilst", &bx(b"\xA9too", &data));
    let hdlr = bx(b"hdlr", &cat(&[&[0; 8], b"mdirappl", &[0; 9]]));
    bx(b"udta", &bx(b"meta", &cat(&[&[0; 4], &hdlr, &ilst])))
}

/// One PNG chunk; checksums are not looked at.
pub(crate) fn png_chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len()).unwrap().to_be_bytes();
    cat(&[&len, kind, body, &[0; 4]])
}

/// A PNG with `extra` chunks.
pub(crate) fn png(extra: &[u8]) -> Vec<u8> {
    cat(&[
        b"\x89PNG\r\n\x1a\n",
        &png_chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]),
        extra,
        &png_chunk(b"IDAT", &[1, 2, 3]),
        &png_chunk(b"IEND", &[]),
    ])
}

/// One RIFF chunk, padded.
pub(crate) fn riff_chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = cat(&[id, &u32::try_from(body.len()).unwrap().to_le_bytes(), body]);
    if body.len() % 2 == 1 {
        out.push(0);
    }
    out
}

/// An AVI with `extra` chunks behind its header list.
pub(crate) fn avi(extra: &[u8]) -> Vec<u8> {
    let hdrl = riff_chunk(b"LIST", &cat(&[b"hdrl", &riff_chunk(b"avih", &[0; 56])]));
    let movi = riff_chunk(b"LIST", &cat(&[b"movi", &riff_chunk(b"00dc", &[1, 2, 3])]));
    riff_chunk(b"RIFF", &cat(&[b"AVI ", &hdrl, extra, &movi]))
}

/// One EBML element with a one-byte or eight-byte length.
pub(crate) fn el(id: &[u8], body: &[u8]) -> Vec<u8> {
    let size = 0x0100_0000_0000_0000_u64 | body.len() as u64;
    cat(&[id, &size.to_be_bytes(), body])
}

/// A Matroska file with `info` inside its Info element.
pub(crate) fn mkv(info: &[u8]) -> Vec<u8> {
    let header = el(&[0x1A, 0x45, 0xDF, 0xA3], &el(&[0x42, 0x82], b"matroska"));
    let segment = cat(&[
        &el(&[0x15, 0x49, 0xA9, 0x66], info),
        &el(&[0x1F, 0x43, 0xB6, 0x75], &[0xE7, 0x81, 0, 0xA3, 0x81, 0]),
    ]);
    cat(&[&header, &el(&[0x18, 0x53, 0x80, 0x67], &segment)])
}

/// A little-endian TIFF: one directory, one strip of four bytes.
pub(crate) fn tiff() -> Vec<u8> {
    let mut out = b"II*\0\x08\0\0\0\x02\0".to_vec();
    for (tag, value) in [(273_u16, 38_u32), (279, 4)] {
        out.extend(tag.to_le_bytes());
        out.extend([4, 0, 1, 0, 0, 0]);
        out.extend(value.to_le_bytes());
    }
    out.extend([0; 4]);
    out.extend([9; 4]);
    out
}

/// A GIF of one pixel.
pub(crate) fn gif() -> Vec<u8> {
    cat(&[
        b"GIF89a\x01\0\x01\0\x80\0\0",
        &[0; 6],
        &[0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0],
        &[0x3B],
    ])
}

/// A fragmented movie of one track at 100 ticks a second, each fragment of
/// four samples of 25 ticks: (sequence number, decode time).
pub(crate) fn fragmented(fragments: &[(u32, u32)]) -> Vec<u8> {
    let mvhd = cat(&[&be(&[0, 1, 1, 100, 0]), &[0; 80]]);
    let tkhd = cat(&[&be(&[1, 1, 1, 1, 0, 0]), &[0; 60]]);
    let mdhd = be(&[0, 1, 1, 100, 0, 0x55C4_0000]);
    let hdlr = cat(&[&[0; 8], b"vide", &[0; 12], b"VideoHandle\0"]);
    let mdia = bx(b"mdia", &cat(&[&bx(b"mdhd", &mdhd), &bx(b"hdlr", &hdlr)]));
    let trak = bx(b"trak", &cat(&[&bx(b"tkhd", &tkhd), &mdia]));
    let mvex = bx(b"mvex", &bx(b"trex", &be(&[0, 1, 1, 25, 0, 0])));
    let moov = bx(b"moov", &cat(&[&bx(b"mvhd", &mvhd), &trak, &mvex]));
    fragmented_track(Some(&moov), fragments)
}

/// The same behind an index of the test's own, or behind none.
pub(crate) fn fragmented_track(moov: Option<&[u8]>, fragments: &[(u32, u32)]) -> Vec<u8> {
    let mut out = bx(b"ftyp", b"iso5\0\0\x02\0iso5iso6mp41");
    out.extend(moov.unwrap_or_default());
    for (number, time) in fragments {
        let traf = cat(&[
            &bx(b"tfhd", &be(&[0x0002_0000, 1])),
            &bx(b"tfdt", &be(&[0, *time])),
            &bx(b"trun", &be(&[0, 4])),
        ]);
        let moof = cat(&[&bx(b"mfhd", &be(&[0, *number])), &bx(b"traf", &traf)]);
        out.extend(bx(b"moof", &moof));
        out.extend(bx(b"mdat", &[0x11; 16]));
    }
    out
}
