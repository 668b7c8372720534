//! Lines between boxes of one column: along lanes beside it, as buses in a drawing of a circuit.
//!
//! Every line has a lane and two ports of its own, so that lines cross, but do not lie on each other. Short lines are
//! in the lanes next to the boxes (as in an arc diagram: M. Wattenberg, "Arc diagrams", 2002), and ports are
//! ordered such that two lines at one box do not cross there.

use super::scene::{Frame, Ink, Point, Step, arrowhead, at, diamond, rounded};

/// From port to port, in pixels.
const PORT: f64 = 9.0;
/// From lane to lane.
const LANE: f64 = 13.0;
/// From the boxes to the first lane.
const FIRST: f64 = 22.0;

/// How an end of a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Plain,
    Arrow,
    Diamond,
}

/// What is marked on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// It leads from one instance of the group to another.
    Across,
    /// It also holds in subgroups.
    Below,
    /// It is of a kind that the organisation declares itself, by number.
    Kind(usize),
}

/// A line from one row to another.
pub(super) struct Arc {
    pub(super) rows: [usize; 2],
    pub(super) ends: [End; 2],
    pub(super) class: String,
    pub(super) marks: Vec<Mark>,
    pub(super) title: String,
}

/// Lines with their lanes, and the ports of each row in order from its top.
pub(super) struct Routes {
    arcs: Vec<Arc>,
    lanes: Vec<usize>,
    /// Of each row: the line and which end of it; nothing where room is kept free.
    ports: Vec<Vec<Option<(usize, usize)>>>,
}

impl Routes {
    /// Gives each line a lane and ports. O(l²) for l lines, of which a group has few.
    pub(super) fn new(arcs: Vec<Arc>, rows: usize) -> Self {
        let lanes = lanes(&arcs);
        let mut ends: Vec<Vec<(Order, usize, usize)>> = vec![Vec::new(); rows];
        for (number, arc) in arcs.iter().enumerate() {
            for end in 0..2 {
                ends[arc.rows[end]].push((order(arc, lanes[number], number, end), number, end));
            }
        }
        let ports = ends.into_iter().map(|mut row| {
            row.sort_unstable();
            row.iter().flat_map(|(_, number, end)| slots(&arcs[*number], *number, *end)).collect()
        });
        let ports = ports.collect();
        Self { arcs, lanes, ports }
    }

    /// How high a row must be to have room for its ports.
    pub(super) fn height(&self, row: usize) -> f64 {
        self.ports[row].len() as f64 * PORT + 8.0
    }

    /// How wide the lanes are together.
    pub(super) fn width(&self) -> f64 {
        match self.lanes.iter().max() {
            Some(last) => FIRST + *last as f64 * LANE + 9.0,
            None => 0.0,
        }
    }

    /// Draws the lines into a frame, at the right (`side` 1) or the left (−1) of boxes whose edge is at `edge`.
    pub(super) fn draw(self, frame: &mut Frame, rows: &[Frame], edge: f64, side: f64) {
        let mut ports = vec![[0.0; 2]; self.arcs.len()];
        for (row, of_row) in rows.iter().zip(&self.ports) {
            let first = row.middle() - (of_row.len() as f64 - 1.0) * PORT / 2.0;
            for (slot, port) in of_row.iter().enumerate() {
                if let Some((arc, end)) = port {
                    ports[*arc][*end] = first + slot as f64 * PORT;
                }
            }
        }
        for ((arc, lane), ports) in self.arcs.into_iter().zip(&self.lanes).zip(ports) {
            let lane = edge + side * (FIRST + *lane as f64 * LANE);
            line(frame, arc, ports.map(|y| at(edge, y)), lane, side);
        }
    }
}

/// Lines that go up come first, the nearest lane on top; those that go down come last, the nearest lane at the bottom.
type Order = (u8, i64, usize);

fn order(arc: &Arc, lane: usize, number: usize, end: usize) -> Order {
    let (here, there) = (arc.rows[end], arc.rows[1 - end]);
    let lane = i64::try_from(lane).unwrap_or(i64::MAX);
    match there.cmp(&here) {
        std::cmp::Ordering::Less => (0, lane, number),
        std::cmp::Ordering::Equal => (1, 0, number),
        std::cmp::Ordering::Greater => (2, -lane, number),
    }
}

/// The ports of one end; marks of a line from a row to itself need room between its ends.
fn slots(arc: &Arc, number: usize, end: usize) -> Vec<Option<(usize, usize)>> {
    let mut slots = vec![Some((number, end))];
    if arc.rows[0] == arc.rows[1] && end == 0 {
        slots.extend(vec![None; arc.marks.len()]);
    }
    slots
}

/// The nearest lane that is free along the whole line, short lines first.
fn lanes(arcs: &[Arc]) -> Vec<usize> {
    let span = |arc: &Arc| (arc.rows[0].min(arc.rows[1]), arc.rows[0].max(arc.rows[1]));
    let mut order: Vec<usize> = (0..arcs.len()).collect();
    order.sort_by_key(|number| {
        let (first, last) = span(&arcs[*number]);
        (last - first, first)
    });
    let mut lanes = vec![0; arcs.len()];
    let mut taken: Vec<Vec<(usize, usize)>> = Vec::new();
    for number in order {
        let (first, last) = span(&arcs[number]);
        let free = |spans: &Vec<(usize, usize)>| spans.iter().all(|(a, b)| *b < first || last < *a);
        let lane = taken.iter().position(free).unwrap_or(taken.len());
        if lane == taken.len() {
            taken.push(Vec::new());
        }
        taken[lane].push((first, last));
        lanes[number] = lane;
    }
    lanes
}

fn line(frame: &mut Frame, arc: Arc, ports: [Point; 2], lane: f64, side: f64) {
    let inset = |end: usize| match arc.ends[end] {
        End::Plain => ports[end].x,
        End::Arrow => ports[end].x + side * 7.0,
        End::Diamond => ports[end].x + side * 9.0,
    };
    let way =
        [at(inset(0), ports[0].y), at(lane, ports[0].y), at(lane, ports[1].y), at(inset(1), ports[1].y)];
    let (steps, class) = (rounded(&way, 6.0), format!("link {}", arc.class));
    frame.inks.push(Ink::Path { steps, class, title: Some(arc.title) });
    for (end, port) in arc.ends.iter().zip(ports) {
        match end {
            End::Plain => {}
            End::Arrow => frame.draw("head", arrowhead(port, -side, 9.0)),
            End::Diamond => frame.draw("hollow", diamond(at(port.x + side * 5.0, port.y), 9.0, 7.0)),
        }
    }
    let middle = f64::midpoint(ports[0].y, ports[1].y);
    let first = middle - (arc.marks.len() as f64 - 1.0) * 5.5;
    for (number, mark) in arc.marks.into_iter().enumerate() {
        draw_mark(frame, mark, at(lane, first + number as f64 * 11.0));
    }
}

/// A ring, a filled square on its tip, or a number.
pub(super) fn draw_mark(frame: &mut Frame, mark: Mark, place: Point) {
    match mark {
        Mark::Across => frame.inks.push(Ink::Dot { at: place, radius: 3.5, class: "ring" }),
        Mark::Below => frame.draw("head", diamond(place, 9.0, 9.0)),
        Mark::Kind(number) => {
            frame.draw("plate", number_plate(place));
            frame.inks.push(Ink::Text {
                at: at(place.x, place.y + 3.5),
                anchor: super::scene::Anchor::Middle,
                style: super::metrics::Style::Tag,
                text: number.to_string(),
            });
        }
    }
}

fn number_plate(centre: Point) -> Vec<Step> {
    let corner = |x: f64, y: f64| at(centre.x + x, centre.y + y);
    vec![
        Step::Move(corner(-5.5, -5.5)),
        Step::Line(corner(5.5, -5.5)),
        Step::Line(corner(5.5, 5.5)),
        Step::Line(corner(-5.5, 5.5)),
        Step::Close,
    ]
}
