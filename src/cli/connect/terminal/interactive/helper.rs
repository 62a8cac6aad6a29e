//! What the editor asks of us for a line: how it and its row are drawn, what is printed above it first, and what Enter does.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::io;

use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, GraphemeClusterMode, Helper};

use super::super::look::{Look, Rows};
use super::above::{self, Below};
use super::beside::{self, Row};
use super::meaning::{Meaning, Purpose, SharedNames};
use super::screen::{self, Screen};
use super::viewport::{self, Drawing, View};
use crate::cli::environment;
use crate::client::commands::Draft;
use crate::client::{Line, Progress};
use crate::net;

#[derive(Helper)]
pub struct LineHelper {
    pub meaning: Meaning,
    look: Look,
    drawn: RefCell<Drawn>,
    /// What is drawn of it, if it is taller than the screen.
    view: RefCell<Option<View>>,
    /// Whether the editor was last told to draw all when the cursor moves.
    draws_all: Cell<bool>,
    mode: GraphemeClusterMode,
    /// What stands in the place of the draft once it was entered.
    entered: RefCell<Option<Entered>>,
    screen: Screen,
    /// How the line was drawn since something was printed above it.
    below: Cell<Below>,
    /// The size of the terminal at the last drawing.
    size: Cell<Option<viewport::Screen>>,
    /// Whether the line is drawn for the last time, as it stays.
    is_final: Cell<bool>,
    /// Whether Enter has said something below the line, and no key was pressed since.
    is_told: Cell<bool>,
    /// Whether the status stands in the prompt's row.
    has_status: Cell<bool>,
}

/// What was said, its rows, and how many of them are its own.
struct Entered {
    line: Line,
    text: String,
    rows: usize,
}

/// How wide the editor takes joined pictures for. What it takes for wider than it is drawn would have it clear rows above the
/// line.
pub fn cluster_mode() -> GraphemeClusterMode {
    if environment::joins_pictures() {
        GraphemeClusterMode::Unicode
    } else {
        GraphemeClusterMode::from_env()
    }
}

/// What the editor was last about to draw.
#[derive(Default)]
struct Drawn {
    prompt: String,
    line: String,
    cursor: usize,
    notice: Option<String>,
}

impl Drawn {
    fn drawing(&self) -> Drawing<'_> {
        Drawing {
            prompt: &self.prompt,
            line: &self.line,
            cursor: self.cursor,
            notice: self.notice.as_deref().unwrap_or_default(),
        }
    }
}

impl LineHelper {
    pub fn new(names: SharedNames, look: Look, screen: Screen) -> Self {
        Self {
            meaning: Meaning::new(names),
            look,
            drawn: RefCell::default(),
            view: RefCell::new(None),
            draws_all: Cell::new(false),
            mode: cluster_mode(),
            entered: RefCell::new(None),
            screen,
            below: Cell::default(),
            size: Cell::default(),
            is_final: Cell::new(false),
            is_told: Cell::new(false),
            has_status: Cell::new(false),
        }
    }

    fn keep_drawn(&self, line: &str, cursor: usize) {
        let mut drawn = self.drawn.borrow_mut();
        line.clone_into(&mut drawn.line);
        drawn.cursor = cursor;
    }

    fn keep_notice(&self, notice: Option<&str>) {
        self.drawn.borrow_mut().notice = notice.map(str::to_owned);
    }

    /// What is drawn of a draft that is taller than the screen.
    fn viewed(&self) -> Option<View> {
        let drawn = self.drawn.borrow();
        viewport::view(drawn.drawing(), screen::size()?, self.mode)
    }

    /// Takes what is to be written before the line is drawn, and with it what waits to be printed.
    fn print_above(&self) -> String {
        let (size, mut below) = (screen::size(), self.below.get());
        let is_resized = self.size.replace(size) != size;
        let mut stage = self.screen.stage();
        if is_resized {
            // The terminal may have wrapped again what it shows.
            stage.above.forget_last();
            below.is_tall = false;
        }
        let (mut above, has_printed) = stage.above.take(below, size);
        if let Some(notice) = self.lost_notice().filter(|_| has_printed) {
            above.push_str(&self.look.remark(notice.trim_start()));
            above.push_str("\r\n");
            stage.above.forget_last();
        }
        drop(stage);
        self.screen.has_printed();
        if has_printed {
            self.below.set(Below::NOTHING);
        }
        if is_resized || self.has_status.get() {
            above.push_str(above::ERASE_BELOW);
        }
        above
    }

    /// What Enter has said below the line, which the editor does not draw again before the next key.
    fn lost_notice(&self) -> Option<String> {
        let notice = self.drawn.borrow().notice.clone();
        notice.filter(|_| self.is_told.get())
    }

    /// Keeps how the line is drawn now.
    fn keep_below(&self, is_tall: bool) {
        let Some(size) = self.size.get() else {
            return;
        };
        let drawn = self.drawn.borrow();
        let rows = |mode| viewport::rows(drawn.drawing(), size.columns, mode);
        let (joined, each) = (
            rows(GraphemeClusterMode::Unicode),
            rows(GraphemeClusterMode::WcWidth),
        );
        let before = self.below.get();
        self.below.set(Below {
            most_rows: before.most_rows.max(joined).max(each),
            is_certain: before.is_certain && joined == each,
            is_tall,
        });
    }

    /// The status, where there is room for it in the prompt's row.
    fn status(&self, prompt: &str, line: &str) -> Option<String> {
        let is_hidden = self.meaning.purpose == Purpose::Answer || self.is_final.get();
        let columns = self.size.get()?.columns;
        let state = self.screen.stage().status.state.clone();
        let row = Row {
            prompt,
            line,
            columns,
        };
        let before = row.before(&state).filter(|_| !is_hidden)?;
        Some(format!("{before}{}\r", self.look.remark(&state)))
    }

    /// A key has changed the line. The editor may only have added to what it has drawn, or erased after it.
    fn note_change(&self, line: &str) {
        let (has_status, prompt) = (self.has_status.get(), self.drawn.borrow().prompt.clone());
        let is_shorter = line.len() < self.drawn.borrow().line.len();
        if has_status != self.status(&prompt, line).is_some() || has_status && is_shorter {
            self.screen.nudge();
        }
    }

    /// What was said, and how many rows it takes above the cursor, if the editor has certainly drawn it where the draft stood.
    pub fn take_entered(&self) -> Option<(Line, usize)> {
        let entered = self.entered.take()?;
        let below = self.below.replace(Below::NOTHING);
        let most_rows = below.most_rows.max(entered.rows);
        let is_on_screen = screen::size().is_some_and(|size| most_rows + 1 < size.rows);
        (is_on_screen && !below.is_tall).then_some((entered.line, entered.rows))
    }

    /// A part of what the editor draws, or what is drawn of it instead.
    fn part<'p>(&self, whole: &'p str, part: impl FnOnce(&View) -> &String) -> Cow<'p, str> {
        let view = self.view.borrow();
        let shown = view.as_ref().map(|view| part(view).clone());
        shown.map_or(Cow::Borrowed(whole), Cow::Owned)
    }

    /// What is typed so far, before the cursor and after it, since the editor drops it when it fails.
    pub fn typed(&self) -> (String, String) {
        let drawn = self.drawn.borrow();
        let parts = drawn.line.split_at_checked(drawn.cursor);
        let (before, behind) = parts.unwrap_or((&drawn.line, ""));
        (before.to_owned(), behind.to_owned())
    }

    /// A draft is entered. What says something is drawn as its line once more before the editor ends; returns whether it is.
    fn enter(&self, draft: &str) -> bool {
        let said = self.meaning.said(draft);
        let line = said.and_then(|(target, text)| {
            let is_here = self.meaning.inside() == Some(&target);
            self.look.own(net::now().unix_ms, &target, is_here, &text)
        });
        self.entered.replace(line.map(|line| {
            let columns = Rows::of(io::stdout());
            let own = self.look.own_rows(&line, Progress::Queued, columns);
            let rows = own.matches('\n').count() + 1;
            let day = self.look.day_rows(&line, columns);
            let shown = day.map_or_else(|| own.clone(), |day| format!("{day}\n{own}"));
            Entered {
                line,
                text: Rows::guarded(&shown),
                rows,
            }
        }));
        self.entered.borrow().is_some()
    }
}

/// Said below a draft; no key makes it part of the line.
pub struct DraftNotice(String);

impl Hint for DraftNotice {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

fn below(draft: &Draft) -> String {
    format!("\n{}", draft.notice())
}

impl Hinter for LineHelper {
    type Hint = DraftNotice;

    fn hint(&self, line: &str, cursor: usize, _: &Context<'_>) -> Option<DraftNotice> {
        self.is_final.set(false);
        self.is_told.set(false);
        self.note_change(line);
        self.keep_drawn(line, cursor);
        self.entered.replace(None);
        if line.is_empty() {
            self.meaning.set_composed(None);
        }
        let draft = || self.meaning.draft(line).map(|draft| below(&draft));
        let notice = self.meaning.notice_of_hold(line).or_else(draft);
        self.keep_notice(notice.as_deref());
        notice.map(DraftNotice)
    }
}

impl Validator for LineHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let notice = match self.meaning.draft(context.input()) {
            Some(draft @ Draft::Refused(_)) => Some(below(&draft)),
            _ => self.meaning.held(context.input()),
        };
        self.keep_notice(notice.as_deref());
        self.is_told.set(notice.is_some());
        Ok(match notice {
            Some(notice) => ValidationResult::Invalid(Some(notice)),
            // Without a message the editor does not draw the line once more. This one keeps it from beginning a row of its
            // own where the draft had filled one.
            None if self.enter(context.input()) => ValidationResult::Valid(Some("\n".into())),
            None => {
                self.is_final.set(true);
                ValidationResult::Valid(self.has_status.get().then(String::new))
            }
        })
    }
}

impl Highlighter for LineHelper {
    /// Called first of what is drawn.
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(
        &'s self,
        prompt: &'p str,
        is_default: bool,
    ) -> Cow<'b, str> {
        let above = self.print_above();
        let is_command = is_default && self.meaning.purpose != Purpose::Answer;
        let prompt = if is_command {
            Cow::Owned(beside::fitted(&self.screen.stage().status.place, prompt))
        } else {
            Cow::Borrowed(prompt)
        };
        (*prompt).clone_into(&mut self.drawn.borrow_mut().prompt);
        let view = self.viewed();
        let is_tall = view.is_some();
        *self.view.borrow_mut() = view;
        self.keep_below(is_tall);
        if self.entered.borrow().is_some() {
            self.has_status.set(false);
            return Cow::Owned(above);
        }
        let line = self.drawn.borrow().line.clone();
        let status = (is_default && !is_tall)
            .then(|| self.status(&prompt, &line))
            .flatten();
        self.has_status.set(status.is_some());
        let status = status.unwrap_or_default();
        let shown = self.part(&prompt, |view| &view.prompt);
        Cow::Owned(format!("{above}{status}{shown}"))
    }

    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        match &*self.entered.borrow() {
            Some(entered) => Cow::Owned(entered.text.clone()),
            None => self.part(line, |view| &view.line),
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.entered.borrow().is_some() {
            return Cow::Borrowed(hint);
        }
        if self.drawn.borrow().notice.is_none() {
            // The editor has not reckoned with it since the cursor moved.
            return Cow::Borrowed("");
        }
        let shown = self.part(hint, |view| &view.notice);
        Cow::Owned(self.look.remark(&shown))
    }

    /// Called when only the cursor moves, too: of a draft that is taller than the screen another part is then drawn, without
    /// the notice.
    fn highlight_char(&self, line: &str, cursor: usize, kind: CmdKind) -> bool {
        self.keep_drawn(line, cursor);
        let is_tall = self.viewed().is_some();
        let was_tall = self.draws_all.replace(is_tall);
        if kind == CmdKind::ForcedRefresh || kind == CmdKind::MoveCursor && (is_tall || was_tall) {
            self.keep_notice(None);
        }
        is_tall
    }
}

impl Completer for LineHelper {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.meaning.complete(line, position))
    }
}
