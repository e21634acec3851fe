//! The growth of costs as a picture: each line is relative to its cost at the smallest size, so that a level line
//! means a cost that does not grow. Drawn in colours that can be read on white and on black.

use anyhow::Result;

use crate::{
    results::Results,
    spread::whole,
    tables::growth::{GROWING, line},
};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 34.0;
const TOP: f64 = 78.0;
const BOTTOM: f64 = 46.0;
/// The top of the scale, in parts of the cost at the smallest size.
const MOST: f64 = 1.5;
const COLOURS: [&str; 3] = ["#3b82f6", "#d97706", "#10a37f"];
const NAMES: [&str; 3] = [
    "CPU per connect",
    "memory per connection",
    "CPU per delivery",
];

const STYLE: &str = "\
<style>
text { font: 13px system-ui, sans-serif; fill: #768390; }
.grid { stroke: #8b949e; stroke-opacity: 0.35; }
.band { fill: #8b949e; fill-opacity: 0.18; }
</style>
";

/// None if growth was not measured.
pub fn growth(results: &Results) -> Result<Option<String>> {
    let mut lines = Vec::new();
    for metric in &GROWING {
        let measured = line(results, metric)?;
        let points: Vec<(f64, f64)> = measured
            .iter()
            .filter_map(|(size, spread)| Some((*size as f64, (*spread)?.median)))
            .collect();
        lines.push(points);
    }
    let most = lines
        .iter()
        .flatten()
        .map(|(size, _)| *size)
        .fold(0.0, f64::max);
    Ok((most > 0.0).then(|| draw(&lines, most)))
}

fn draw(lines: &[Vec<(f64, f64)>], most: f64) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"Costs by the number of connections, relative to the smallest number\">\n{STYLE}"
    );
    svg.push_str(&frame(lines, most));
    for (at, points) in lines.iter().enumerate() {
        svg.push_str(&curve(at, points, most));
    }
    svg + "</svg>\n"
}

fn x(size: f64, most: f64) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * size / most
}

fn y(part: f64) -> f64 {
    HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part.min(MOST) / MOST
}

/// The scale, the band within which costs are to stay, and the sizes that were measured.
fn frame(lines: &[Vec<(f64, f64)>], most: f64) -> String {
    let (left, right) = (LEFT, WIDTH - RIGHT);
    let mut svg = format!(
        "<rect class=\"band\" x=\"{left}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>\n\
         <text x=\"{left}\" y=\"20\">cost relative to the smallest number of connections; the band is 15% to either side</text>\n",
        y(1.15),
        right - left,
        y(0.85) - y(1.15),
    );
    for part in [0.0, 0.5, 1.0, 1.5] {
        let y = y(part);
        svg.push_str(&format!(
            "<line class=\"grid\" x1=\"{left}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{part:.1}</text>\n",
            left - 8.0,
            y + 4.0,
        ));
    }
    let sizes = lines.iter().max_by_key(|points| points.len());
    for (size, _) in sizes.into_iter().flatten() {
        svg.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
            x(*size, most),
            HEIGHT - BOTTOM + 20.0,
            whole(*size as u64),
        ));
    }
    svg + &format!(
        "<text x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\">connections</text>\n",
        HEIGHT - 8.0
    )
}

fn curve(at: usize, points: &[(f64, f64)], most: f64) -> String {
    let (colour, legend) = (COLOURS[at], LEFT + 220.0 * at as f64);
    let mut svg = format!(
        "<line x1=\"{legend}\" y1=\"46\" x2=\"{:.1}\" y2=\"46\" stroke=\"{colour}\" stroke-width=\"3\"/>\n\
         <text x=\"{:.1}\" y=\"50\">{}</text>\n",
        legend + 22.0,
        legend + 30.0,
        NAMES[at],
    );
    let Some((_, first)) = points.first() else {
        return svg;
    };
    let placed = points
        .iter()
        .map(|(size, cost)| (x(*size, most), y(cost / first)));
    let path: Vec<_> = placed
        .clone()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    svg.push_str(&format!(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\"/>\n",
        path.join(" ")
    ));
    for (x, y) in placed {
        svg.push_str(&format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>\n"
        ));
    }
    svg
}
