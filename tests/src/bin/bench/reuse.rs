//! Finding a picture again among very many: time, memory, and what is missed.

use unbroken::likeness::{Asked, EXACT_WITHIN, Index};
use unbroken_probes::measure::likeness::Bits;

use crate::table;
use unbroken_tests::spent::spent;

/// Pictures that are asked for, half of them planted near-duplicates.
const QUESTIONS: u64 = 200;
/// Beyond the distance that is promised, what is still found.
const BEYOND: u32 = 40;
/// Random pairs whose distance is looked at by itself.
const PAIRS: u64 = 10_000_000;
/// Windows by which a copy without its borders asks, beside its 8 positions.
const WINDOWS: usize = 69;

/// Fills an index with `photos` pictures and asks it.
///
/// One in eight pictures is a near-duplicate of an earlier one (a burst, a copy),
/// at 0 to 40 bits, so that bands are not filled more evenly than in real life.
pub fn run(photos: u64) -> Result<(), String> {
    let mut random = Random(42);
    let count = u32::try_from(photos).map_err(|_| "at most 4,294,967,295 photos".to_owned())?;
    table::head(&format!("Finding a picture again among {photos}"));
    let mut all: Vec<Bits> = Vec::with_capacity(count as usize);
    let mut index = Index::default();
    index.reserve(count as usize);
    for number in 0..count {
        let bits = if number % 8 == 7 {
            let twin = all.get(random.below(all.len())).copied();
            random.near(twin.unwrap_or_default(), number / 8 % (BEYOND + 1))
        } else {
            random.bits()
        };
        all.push(bits);
        index.add(number, bits);
    }
    let ((), sorted) = spent(|| {
        index.settle();
        Ok(())
    })?;
    println!(
        "- put into bands in {:.1} s, {:.1} s of processor time",
        sorted.wall_s, sorted.cpu_s
    );
    println!(
        "- memory: {:.0} MiB, {:.1} bytes a picture\n",
        index.bytes() as f64 / f64::from(1 << 20),
        index.bytes() as f64 / f64::from(count)
    );
    let mut rows = Vec::new();
    for (name, positions, windows) in [
        ("one position", 1, 0),
        ("8 positions", 8, 0),
        ("8 positions and 69 windows, as each photo asks", 8, WINDOWS),
    ] {
        rows.push(ask(name, &index, &all, &mut random, (positions, windows))?);
    }
    let columns = [
        "asked by",
        "p50 ms",
        "p99 ms",
        "processor ms, mean",
        "found of those within 31 bits",
        "of those at 32 to 40 bits",
        "unlike ones found",
    ];
    table::print(&columns, &rows);
    pairs(&mut random);
    Ok(())
}

/// Asks for planted near-duplicates and for pictures that nobody has.
fn ask(
    name: &str,
    index: &Index,
    all: &[Bits],
    random: &mut Random,
    (positions, windows): (usize, usize),
) -> Result<Vec<String>, String> {
    let mut took_ms: Vec<f64> = Vec::new();
    let mut cpu_s = 0.0;
    let (mut near, mut far) = ((0_u64, 0_u64), (0_u64, 0_u64));
    let mut astray = 0_usize;
    let limit = BEYOND.max(EXACT_WITHIN);
    for question in 0..QUESTIONS {
        let planted = (question % 2 == 0).then(|| random.below(all.len()));
        let flips = (question / 2 % u64::from(BEYOND + 1)) as u32;
        let own = match planted.and_then(|place| all.get(place)) {
            Some(bits) => random.near(*bits, flips),
            None => random.bits(),
        };
        let asked = Asked {
            positions: own.turned().into_iter().take(positions).collect(),
            windows: (0..windows).map(|_| random.bits()).collect(),
        };
        let (found, took) = spent(|| Ok(index.near(&asked, limit)))?;
        took_ms.push(took.wall_s * 1e3);
        cpu_s += took.cpu_s;
        let place = planted.and_then(|place| u32::try_from(place).ok());
        if let Some(place) = place {
            let is_found = found
                .iter()
                .any(|f| f.number == place && f.distance_bits <= flips);
            let counted = if flips <= EXACT_WITHIN {
                &mut near
            } else {
                &mut far
            };
            counted.1 += 1;
            counted.0 += u64::from(is_found);
        } else {
            astray += found.len();
        }
    }
    if near.0 != near.1 {
        return Err(format!(
            "{} of {} within 31 bits were missed",
            near.1 - near.0,
            near.1
        ));
    }
    took_ms.sort_by(f64::total_cmp);
    let at = |share: usize| {
        let place = (took_ms.len() - 1) * share / 100;
        took_ms
            .get(place)
            .map_or(String::new(), |ms| format!("{ms:.2}"))
    };
    Ok(vec![
        name.to_owned(),
        at(50),
        at(99),
        format!("{:.1}", cpu_s * 1e3 / QUESTIONS as f64),
        format!("{} of {}", near.0, near.1),
        format!("{} of {}", far.0, far.1),
        format!("{astray}"),
    ])
}

/// How near two pictures that have nothing in common come by chance.
fn pairs(random: &mut Random) {
    let mut nearest = 256;
    let mut matches = 0_u64;
    for _ in 0..PAIRS {
        let distance = random.bits().distance(random.bits());
        nearest = nearest.min(distance);
        matches += u64::from(distance <= EXACT_WITHIN);
    }
    println!(
        "- of {PAIRS} random pairs {matches} are within {EXACT_WITHIN} bits ({:.3} in 100,000); the nearest differ in \
         {nearest}. Real pairs: `accuracy reuse DATA_DIR`\n",
        matches as f64 * 1e5 / PAIRS as f64
    );
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or_default()
    }

    fn bits(&mut self) -> Bits {
        Bits(std::array::from_fn(|_| self.next()))
    }

    /// The same with so many bits changed.
    fn near(&mut self, own: Bits, flips: u32) -> Bits {
        let mut bits = own;
        while bits.distance(own) < flips {
            let place = self.below(256);
            if let Some(word) = bits.0.get_mut(place / 64) {
                *word ^= 1 << (place % 64);
            }
        }
        bits
    }
}
