//! A file with a row for each pod, as one with a row for each moment.
//!
//! Pods are scraped one after another and come and go, so a row for a moment has, for each service, the means over the
//! pods that were seen in the interval and how many those were. Cost: one sum for each moment, service and column.

use std::collections::{BTreeMap, BTreeSet};

use csv::StringRecord;

use super::TableError;
use super::header::Header;
use super::rows::Cells;
use crate::table::mapping::PodsParams;
use crate::table::{Mapping, MappingParams};

/// Takes the rows of pods.
pub(super) struct Pods<'a> {
    params: &'a MappingParams,
    every: f64,
    names: Vec<String>,
    run: Option<usize>,
    time: Option<usize>,
    pod: usize,
    /// The columns that are averaged.
    measured: Vec<usize>,
    /// For each of them, the first line that has no number in it, with what is said of it.
    texts: Vec<Option<TableError>>,
    runs: Vec<String>,
    services: BTreeSet<String>,
    /// By run and interval.
    moments: BTreeMap<(usize, i64), Moment>,
}

/// What was seen in an interval.
struct Moment {
    line: u64,
    services: BTreeMap<String, Service>,
}

/// What was seen of a service in an interval.
#[derive(Default)]
struct Service {
    pods: BTreeSet<String>,
    /// Of each measured column the sum of the values and how many there are.
    sums: Vec<(f64, u32)>,
}

impl<'a> Pods<'a> {
    pub(super) fn new(
        mapping: &'a Mapping,
        pods: &PodsParams,
        header: &StringRecord,
    ) -> Result<Self, TableError> {
        let params = mapping.params();
        let header = Header::new(header);
        let one = |setting: &str, name: &Option<String>| {
            name.as_ref().map(|name| header.one(setting, name)).transpose()
        };
        let (run, time) = (one("run", &params.run)?, one("time", &params.time)?);
        let pod = header.one("pods.column", &pods.column)?;
        let names = header.owned();
        let apart = [run, time, Some(pod)];
        let measured: Vec<usize> = (0..names.len()).filter(|at| !apart.contains(&Some(*at))).collect();
        Ok(Self {
            params,
            every: pods.every,
            run,
            time,
            pod,
            texts: measured.iter().map(|_| None).collect(),
            measured,
            names,
            runs: Vec::new(),
            services: BTreeSet::new(),
            moments: BTreeMap::new(),
        })
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the number of an interval; saturates at the ends of time"
    )]
    pub(super) fn push(&mut self, line: u64, record: &StringRecord) -> Result<(), TableError> {
        let cells = Cells { line, record, missing: &self.params.missing, names: &self.names };
        let run = self.run.map_or(Ok(""), |at| cells.present(at, "the name of a run"))?;
        let run = self.runs.iter().position(|known| known == run).unwrap_or_else(|| {
            self.runs.push(run.to_owned());
            self.runs.len() - 1
        });
        let time = self.time.map_or(Ok(0.0), |at| cells.time(at))?;
        let pod = cells.present(self.pod, "the name of a pod")?;
        self.services.insert(service_of(pod).to_owned());
        let moment = self.moments.entry((run, (time / self.every).floor() as i64));
        let moment = moment.or_insert_with(|| Moment { line, services: BTreeMap::new() });
        let service = moment.services.entry(service_of(pod).to_owned()).or_default();
        service.pods.insert(pod.to_owned());
        service.sums.resize(self.measured.len(), (0.0, 0));
        for (((sum, count), text), at) in service.sums.iter_mut().zip(&mut self.texts).zip(&self.measured) {
            match cells.number(*at) {
                Ok(number) if number.is_nan() => {}
                Ok(number) => (*sum, *count) = (*sum + number, *count + 1),
                Err(error) => *text = text.take().or(Some(error)),
            }
        }
        Ok(())
    }

    /// The header and the rows by moment, each with the first line that it comes from.
    pub(super) fn by_moment(self) -> Result<(StringRecord, Vec<(u64, StringRecord)>), TableError> {
        let mut header = StringRecord::new();
        let apart = [self.run, self.time].into_iter().flatten();
        apart.for_each(|at| header.push_field(&self.names[at]));
        for service in &self.services {
            header.push_field(&format!("{service}.pods"));
            self.measured.iter().for_each(|at| header.push_field(&format!("{service}.{}", self.names[*at])));
        }
        let rows = self.moments.iter().map(|((run, interval), moment)| {
            let mut row = StringRecord::new();
            if self.run.is_some() {
                row.push_field(&self.runs[*run]);
            }
            row.push_field(&(*interval as f64 * self.every).to_string());
            for service in &self.services {
                self.fields(moment.services.get(service), &mut row);
            }
            (moment.line, row)
        });
        let rows = rows.collect();
        // A text in a column that nobody asks for, such as the name of the node, is no error.
        for (text, at) in self.texts.into_iter().zip(&self.measured) {
            let asked = |service: &String| self.params.asks_for(&format!("{service}.{}", self.names[*at]));
            if let Some(error) = text.filter(|_| self.services.iter().any(asked)) {
                return Err(error);
            }
        }
        Ok((header, rows))
    }

    fn fields(&self, service: Option<&Service>, row: &mut StringRecord) {
        // No pod seen is not the same as none there: a scrape may have failed.
        row.push_field(&service.map_or(String::new(), |service| service.pods.len().to_string()));
        for column in 0..self.measured.len() {
            let mean = service.map(|service| service.sums[column]).filter(|(_, count)| *count > 0);
            row.push_field(&mean.map_or(String::new(), |(sum, count)| (sum / f64::from(count)).to_string()));
        }
    }
}

/// The service of a pod, by the names that Kubernetes gives: `NAME-HASH-HASH` in a Deployment, `NAME-NUMBER` in a
/// `StatefulSet`.
fn service_of(pod: &str) -> &str {
    let Some((rest, last)) = pod.rsplit_once('-') else { return pod };
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return rest;
    }
    rest.rsplit_once('-').map_or(pod, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::service_of;
    use crate::table::{MappingParams, PodsParams, Table, TableError};

    const CSV: &str = "day,at,PodName,node,cpu(%),wait\n\
        a,59,cart-5f65-fnmft,n1,10,0.1\n\
        a,61,cart-5f65-fnmft,n1,20,0.2\n\
        a,75,cart-5f65-wc2lz,n2,40,\n\
        a,62,auth-0,n2,7,0.3\n\
        a,121,auth-0,n2,8,0.3\n";

    fn read(text: &str, predict: &str) -> Result<Table, TableError> {
        let params = MappingParams {
            run: Some("day".to_owned()),
            time: Some("at".to_owned()),
            pods: Some(PodsParams { column: "PodName".to_owned(), every: 60.0 }),
            predict: vec![predict.parse().unwrap()],
            control: vec!["*=*.pods".parse().unwrap()],
            ..MappingParams::default()
        };
        params.check().unwrap().read(text.as_bytes())
    }

    #[test]
    fn rows_of_pods_become_means_of_services_and_numbers_of_pods() {
        let table = read(CSV, "*.cpu(%)").unwrap();
        let names: Vec<&str> = table.schema().columns().iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["auth.cpu(%)", "cart.cpu(%)", "auth", "cart"]);
        assert_eq!(table.windows()[0].times(), [0.0, 60.0, 120.0]);
        let rows: Vec<&[f32]> = table.windows()[0].rows().collect();
        assert!(rows[0][0].is_nan() && rows[0][2].is_nan() && rows[0][1] == 10.0 && rows[0][3] == 1.0);
        assert_eq!(rows[1], [7.0, 30.0, 1.0, 2.0]);
        assert!(rows[2][1].is_nan() && rows[2][3].is_nan() && rows[2][0] == 8.0 && rows[2][2] == 1.0);
    }

    #[test]
    fn a_text_is_an_error_only_where_a_number_is_asked_for() {
        assert!(read(&CSV.replace("0.3", "none"), "*.cpu(%)").is_ok());
        let told = read(CSV, "*.node").unwrap_err().to_string();
        assert!(told.starts_with("line 2, column \"node\": \"n1\" is not a finite number"), "{told}");
        let told = read(CSV, "*.cpuu").unwrap_err().to_string();
        assert!(told.contains("\"auth.cpu(%)\", \"auth.wait\", \"cart.pods\""), "{told}");
    }

    #[test]
    fn pods_are_of_the_service_in_their_name() {
        let pods = ["cart-5f6585d649-fnmft", "redis-cart-0", "api-gateway-5f65-abc", "node", "a-b"];
        assert_eq!(pods.map(service_of), ["cart", "redis-cart", "api-gateway", "node", "a-b"]);
    }
}
