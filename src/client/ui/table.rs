//! Rows whose cells stand below each other.
//!
//! The blanks between cells are the program's own, so they are put here, after cells that are harmless already: in
//! what others wrote no run of blanks stays that could set something where it seems to be something else.

use unicode_width::UnicodeWidthStr;

use crate::text::printable;

/// What stands between two cells.
const GAP: &str = "  ";

/// A line for each row. A column is as wide as its widest cell, the last cell of a row not counted.
pub(crate) fn lines(rows: &[Vec<String>]) -> Vec<String> {
    let clean = |row: &Vec<String>| -> Vec<String> {
        row.iter()
            .map(|cell| printable::line(cell).into_owned())
            .collect()
    };
    let rows: Vec<Vec<String>> = rows.iter().map(clean).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let inner = rows.iter().filter(|row| row.len() > column + 1);
        inner.map(|row| row[column].width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let Some((last, inner)) = row.split_last() else {
        return String::new();
    };
    let mut line = String::new();
    for (cell, width) in inner.iter().zip(widths) {
        line.push_str(cell);
        line.push_str(&" ".repeat(width.saturating_sub(cell.width())));
        line.push_str(GAP);
    }
    line.push_str(last);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        let row = |row: &&[&str]| row.iter().map(|cell| (*cell).to_owned()).collect();
        rows.iter().map(row).collect()
    }

    #[test]
    fn cells_are_aligned_by_columns_not_bytes() {
        let rows = rows(&[
            &["世界", "a", "x"],
            &["b", "ccc", "y"],
            &["a long one alone"],
        ]);
        assert_eq!(
            lines(&rows),
            ["世界  a    x", "b     ccc  y", "a long one alone"]
        );
    }

    #[test]
    fn cell_cannot_set_what_follows_it_elsewhere() {
        let rows = rows(&[&["a\u{200b}\u{3164}", "b          c"], &["aa", "d"]]);
        assert_eq!(lines(&rows), ["a   b  c", "aa  d"]);
    }
}
