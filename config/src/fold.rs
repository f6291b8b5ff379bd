//! Folding of texts for matching: what people type differently and mean the
//! same (research/domain.md 1.10). The raw form is kept elsewhere, for display.

use unicode_normalization::UnicodeNormalization;

/// Composes (NFC), makes full-width letters, digits and signs half-width,
/// makes every bracket `〔` or `〕`, every dash `-` and every blank a space.
pub fn fold(text: &str) -> String {
    text.nfc().map(fold_char).collect()
}

fn fold_char(c: char) -> char {
    let half = match u32::from(c) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    match half {
        '(' | '[' | '【' | '〔' | '［' | '〖' | '{' | '⟦' => '〔',
        ')' | ']' | '】' | '〕' | '］' | '〗' | '}' | '⟧' => '〕',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '─' | '﹣' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn what_means_the_same_folds_to_the_same() {
        let plain = fold("沪监通〔2026〕0012号");
        for typed in [
            "沪监通[2026]0012号",
            "沪监通【2026】0012号",
            "沪监通（2026）0012号",
            "沪监通(2026)0012号",
            "沪监通〔２０２６〕００１２号",
        ] {
            assert_eq!(fold(typed), plain, "{typed}");
        }
        assert_eq!(fold("ＹＷ２０２６－１　ａ—b"), "YW2026-1 a-b");
    }

    #[test]
    fn decomposed_letters_are_composed_and_folding_is_stable() {
        assert_eq!(fold("e\u{301}"), "é");
        for text in ["沪监通（２０２６）", "䶮㛃𬭎 —", ""] {
            assert_eq!(fold(&fold(text)), fold(text));
        }
    }
}
