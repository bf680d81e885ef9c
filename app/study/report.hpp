// The files that tell of a study: study.csv (a row a measurement), study.json (all that is known, for programs and for
// the plots), study.md (tables for people). docs/studies.md explains their fields.
#pragma once

#include <string>
#include <vector>

#include <sinter/app/study/summary.hpp>

namespace sinter::app {

std::string study_csv(const StudyFile& study, const std::vector<Trial>& trials);

/// `status`: completed, interrupted. `program`: of the commands.
Json study_json(const StudyFile& study, const StudySummary& summary, const std::string& status,
                const std::string& program);

/// The tables of speed-up, of all points, of models and of failures. `plots`: names of pictures that lie beside it.
std::string study_markdown(const StudyFile& study, const StudySummary& summary, const Json& record,
                           const std::vector<std::string>& plots);

/// "12.3 us": three significant digits with the unit that suits.
std::string time_text(double seconds);

/// A point's results in a few columns, for the end of the report on the terminal: header and rows.
std::vector<std::vector<std::string>> result_rows(const StudyFile& study, const StudySummary& summary);

/// "1.92 [1.88, 1.95]".
std::string interval_text(const Summary& estimate);

}  // namespace sinter::app
