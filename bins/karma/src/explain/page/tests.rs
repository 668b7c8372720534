//! The whole page, from the outside.

use super::{Topic, View, page, pictures, sample, summary};

#[test]
fn every_section_is_there_once_and_in_the_contents() {
    let page = page(&sample::view());
    for topic in Topic::ALL {
        let (id, heading) = topic.names();
        assert_eq!(page.matches(&format!("<section id=\"{id}\"")).count(), 1, "{id}");
        assert!(page.contains(&format!("<li><a href=\"#{id}\">{heading}</a></li>")), "{id}");
    }
    assert!(page.contains("What the figures rest on") && page.contains("Not measured"));
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
}

#[test]
fn nothing_is_fetched_and_names_cannot_become_markup() {
    let page = page(&sample::view());
    for outside in ["http://", "https://", "<link", "url(", "NaN", "<script>alert", "src="] {
        assert!(!page.contains(outside), "{outside} is in the page");
    }
    assert_eq!(page.matches("<script>").count(), 1);
    assert_eq!(page.matches("<script").count(), page.matches("</script>").count());
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn tables_say_what_their_headings_are_of_and_pictures_have_titles() {
    let page = page(&sample::view());
    assert_eq!(page.matches("<table>").count(), page.matches("<caption>").count());
    let heads = page.matches("<th>").count();
    assert_eq!(heads, 0, "headings without a scope");
    let drawn = page.matches("<svg ").count() - page.matches("<svg class=\"swatch\"").count();
    assert_eq!(drawn, page.matches("role=\"img\"").count());
    assert_eq!(drawn, pictures(&sample::view()).len());
}

#[test]
fn an_empty_view_is_a_page_with_nothing_on_it() {
    let page = page(&View::default());
    assert!(page.starts_with("<!doctype html>") && page.contains("<main></main>"), "{page}");
    assert!(pictures(&View::default()).is_empty());
    assert_eq!(summary(&View::default()), "\n");
}

#[test]
fn a_section_without_figures_says_why() {
    let view = View { notes: [(Topic::Roles, "Too few episodes.".to_owned())].into(), ..View::default() };
    assert!(page(&view).contains("<h2 id=\"roles-h\">Roles</h2><p>Too few episodes.</p></section>"));
}

#[test]
fn pictures_stand_alone() {
    let pictures = pictures(&sample::view());
    let mut names: Vec<&str> = pictures.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), pictures.len());
    for (name, svg) in &pictures {
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" "), "{name}");
        assert_eq!(svg.matches("http").count(), 1, "{name}");
        assert!(!svg.contains("var(") && !svg.contains("<script"), "{name}");
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count(), "{name}");
    }
}

#[test]
fn the_summary_fits_a_terminal() {
    let view = View { evaluation: None, ..sample::view() };
    let text = summary(&view);
    for part in ["Roles\n", "Goals\n", "Distilled rules\n", "Organisational fit\n", "Not measured\n"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
}

#[test]
#[ignore = "writes the sample page and its pictures to the temporary directory, to be looked at"]
fn the_sample_page_as_a_file() {
    let folder = std::env::temp_dir().join("karma-sample-page");
    std::fs::create_dir_all(&folder).unwrap();
    let view = sample::view();
    std::fs::write(folder.join("report.html"), page(&view)).unwrap();
    std::fs::write(folder.join("summary.txt"), summary(&view)).unwrap();
    for (name, svg) in pictures(&view) {
        std::fs::write(folder.join(name), svg).unwrap();
    }
}
