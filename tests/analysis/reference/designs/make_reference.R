# Reference numbers of designs that the folder above does not have: Rscript make_reference.R [full], in this folder.
# "full" as an argument makes some 1,250 records instead of a part of them. It writes the data (from the R package survey, and made up with a seed), reference.json, and the replicate weights.
suppressMessages(library(survey))
options(survey.adjust.domain.lonely = FALSE, survey.lonely.psu = "fail", stringsAsFactors = FALSE, OutDec = ".")
FULL <- "full" %in% commandArgs(TRUE)
DESIGNS <- list(); SPECS <- list(); RECORDS <- list(); VARIABLES <- list()

number <- function(x) if (is.na(x) || !is.finite(x)) "null" else format(x, digits = 15, scientific = NA, trim = TRUE)
text <- function(x) paste0('"', gsub('"', '\\\\"', gsub("\\\\", "\\\\\\\\", x)), '"')
json <- function(x) {
  if (is.null(x)) return("null")
  if (is.list(x) && !is.null(names(x))) return(paste0("{", paste0(text(names(x)), ": ", vapply(x, json, ""), collapse = ", "), "}"))
  if (is.list(x)) return(paste0("[", paste(vapply(x, json, ""), collapse = ", "), "]"))
  one <- if (is.character(x)) text(x) else if (is.logical(x)) ifelse(is.na(x), "null", tolower(x)) else vapply(x, number, "")
  if (length(x) == 1 && !inherits(x, "AsIs")) one else paste0("[", paste(one, collapse = ", "), "]")
}
variable <- function(name, column, equals = NULL, valid = NULL) {
  r <- if (is.null(equals)) column else sprintf("I(as.numeric(%s %%in%% c(%s)))", column, paste(deparse(equals), collapse = ""))
  VARIABLES[[name]] <<- c(list(column = column), if (!is.null(equals)) list(equals = I(equals)), if (!is.null(valid)) list(valid = valid), list(r = r))
}
design <- function(name, data, code, lonely = "fail", ...) {
  options(survey.lonely.psu = lonely)
  DESIGNS[[name]] <<- suppressWarnings(eval(parse(text = code), globalenv()))
  SPECS[[name]] <<- c(list(data = paste0(data, ".csv"), lonely_psu = lonely), list(...), list(r = code))
}
add <- function(design, estimand, variable, value, id, ...) {
  RECORDS[[length(RECORDS) + 1]] <<- c(list(id = paste(c(design, id), collapse = "/"), design = design, estimand = estimand, variable = variable), list(...), list(value = value))
}
cut_down <- function(name, v, domain) {
  options(survey.lonely.psu = SPECS[[name]]$lonely_psu)
  condition <- c(if (!is.null(domain)) paste0("(", domain, ")"), if (!is.null(v)) VARIABLES[[v]]$valid)
  if (length(condition)) eval(parse(text = sprintf("subset(DESIGNS[[name]], %s)", paste(condition, collapse = " & ")))) else DESIGNS[[name]]
}
form <- function(...) as.formula(paste0("~", paste(..., sep = " + ")))
extra <- function(domain) if (is.null(domain)) list() else list(domain = domain)
means <- function(name, v, domain = NULL) {
  d <- cut_down(name, v, domain); f <- form(VARIABLES[[v]]$r)
  if (inherits(d, "svyrep.design")) {
    m <- svymean(f, d)
    return(do.call(add, c(list(name, "mean_rep", v, list(est = coef(m)[[1]], se = SE(m)[[1]], df = degf(d)), c(v, domain, "mean_rep")), extra(domain))))
  }
  m <- svymean(f, d, deff = TRUE); wr <- svymean(f, d, deff = "replace"); t <- svytotal(f, d)
  if (grepl("adjust", name)) t <- NULL  # its totals differ between 4.1-1 and 4.5
  value <- list(est = coef(m)[[1]], se = SE(m)[[1]], deff_wor = deff(m)[[1]], deff_wr = deff(wr)[[1]], df = degf(d), n_rows = nrow(d),
                n_nonzero = sum(weights(d) != 0), cv = cv(m)[[1]])
  if (!is.null(t)) value <- c(value, list(total = coef(t)[[1]], total_se = SE(t)[[1]]))
  do.call(add, c(list(name, "mean", v, value, c(v, domain, "mean")), extra(domain)))
}
intervals <- function(name, v, domain = NULL, methods = c("mean", "logit", "xlogit", "asin", "beta", "likelihood"), levels = c(0.9, 0.95)) {
  d <- cut_down(name, v, domain); f <- form(VARIABLES[[v]]$r)
  for (m in methods) for (l in levels) {
    x <- try(suppressWarnings(svyciprop(f, d, method = m, level = l)), silent = TRUE)
    if (inherits(x, "try-error") || any(!is.finite(attr(x, "ci")))) next  # R has no answer
    ends <- as.numeric(attr(x, "ci"))
    value <- list(est = as.numeric(x)[1], df = degf(d), n_rows = nrow(d), lo = ends[1], hi = ends[2])
    mark <- silent(d, f, m, ends)
    do.call(add, c(list(name, "ci", v, value, c(v, domain, "ci", m, l), method = m, level = l), mark, extra(domain)))
  }
}
silent <- function(d, f, m, ends) {  # where R has nothing to be compared with
  p <- suppressWarnings(svymean(f, d, na.rm = TRUE)); p1 <- coef(p)[[1]]
  if (is.na(p1 + SE(p)[[1]]) || p1 < 1e-9 || p1 > 1 - 1e-9 || SE(p)[[1]] < 1e-9 || any(!is.finite(ends))) return(list(boundary = TRUE))
  if (m == "asin" && asin(sqrt(p1)) + qt(0.95, degf(d)) * sqrt(SE(p)[[1]]^2 / (4 * p1 * (1 - p1))) > pi / 2) return(list(boundary = TRUE))  # folds back
  if (m %in% c("logit", "likelihood") && inherits(d, "svyrep.design")) {
    each <- as.numeric(svymean(f, d, return.replicates = TRUE, na.rm = TRUE)$replicates)
    if (any(each < 1e-9 | each > 1 - 1e-9)) return(list(boundary = TRUE))  # a replicate's logit is infinite
  }
  list()
}
by <- function(name, v, groups, domain = NULL) {
  d <- cut_down(name, v, domain); s <- svyby(form(VARIABLES[[v]]$r), do.call(form, as.list(groups)), d, svymean)
  rows <- lapply(seq_len(nrow(s)), function(i) {
    inside <- rep(TRUE, nrow(d$variables))
    for (g in groups) inside <- inside & as.character(d$variables[[g]]) == as.character(s[[g]][i])
    c(setNames(lapply(groups, function(g) as.character(s[[g]][i])), groups),
      list(est = as.numeric(coef(s))[i], se = as.numeric(SE(s))[i], df = degf(subset(d, inside))))
  })
  do.call(add, c(list(name, "by", v, list(rows = rows), c(v, domain, "by", groups), by = if (length(groups) > 1) I(groups) else groups), extra(domain)))
}
ratios <- function(name, above, below, domain = NULL) {
  d <- cut_down(name, NULL, domain); x <- svyratio(form(above), form(below), d)
  do.call(add, c(list(name, "ratio", paste(above, below, sep = ":"), list(est = coef(x)[[1]], se = SE(x)[[1]]), c(above, below, domain, "ratio")), extra(domain)))
}
contrast <- function(name, v, group, first, second) {
  d <- cut_down(name, v, NULL); s <- svyby(form(VARIABLES[[v]]$r), form(group), d, svymean, covmat = TRUE)
  x <- svycontrast(s, setNames(c(1, -1), c(first, second)))
  add(name, "difference", v, list(est = coef(x)[[1]], se = SE(x)[[1]]), c(v, "difference", group), by = group, levels = I(c(first, second)))
}
slope <- function(name, v, x) {
  d <- cut_down(name, v, NULL); g <- svyglm(as.formula(paste(VARIABLES[[v]]$r, "~", x)), d, family = quasibinomial, epsilon = 1e-16, maxit = 100)
  add(name, "logit_trend", v, list(intercept = coef(g)[[1]], slope = coef(g)[[2]], slope_se = sqrt(diag(vcov(g)))[[2]], df = g$df.residual), c(v, "trend", x), x = x)
}
independence <- function(name, v, group) {
  d <- cut_down(name, NULL, NULL); x <- svychisq(form(VARIABLES[[v]]$column, group), d, statistic = "F")
  add(name, "rao_scott_F", v, list(F = x$statistic[[1]], ndf = x$parameter[[1]], ddf = x$parameter[[2]], p = x$p.value[[1]]), c(v, "F", group), by = group)
}
weighed <- function(name) {
  w <- weights(DESIGNS[[name]], "sampling")
  add(name, "weights", NULL, list(n = length(w), sum = sum(w), sum_sq = sum(w^2), min = min(w), max = max(w), kish_deff = length(w) * sum(w^2) / sum(w)^2, first10 = I(w[1:10])), "weights")
}
save <- function(frame, name) write.csv(frame, paste0(name, ".csv"), row.names = FALSE, na = "")

# --- data ---------------------------------------------------------------------------------------------------------
data(nhanes); data(mu284); data(api); data(scd)
nhanes <- nhanes[nhanes$SDMVPSU <= 2, ]
nhanes <- nhanes[order(nhanes$WTMEC2YR * 7919 %% 1), ][seq(1, nrow(nhanes), 6), ]  # a sixth of it, out of order
names(mu284)[names(mu284) == "y1"] <- "y"; mu284$many <- as.numeric(mu284$y > 25)
set.seed(20261124)
make_pairs <- function(strata, size = 2, rows = 3) {
  d <- expand.grid(row = seq_len(rows), unit = seq_len(size), h = seq_len(strata))
  d$psu <- sample(1000, strata * size)[(d$h - 1) * size + d$unit]; d$stratum <- paste0("s", d$h)
  d$w <- round(runif(nrow(d), 1, 4), 2); lean <- rnorm(strata * size)[(d$h - 1) * size + d$unit]
  d$satisfied <- as.numeric(runif(nrow(d)) < plogis(1.5 + 0.6 * lean)); d$x <- round(10 + 3 * lean + rnorm(nrow(d)), 3)
  d$sex <- sample(c("F", "M"), nrow(d), TRUE); d$month <- sample(6, nrow(d), TRUE)
  d[sample(nrow(d)), c("stratum", "psu", "w", "satisfied", "x", "sex", "month")]
}
pairs26 <- make_pairs(26); pairs33 <- make_pairs(33); pairs55 <- make_pairs(55, rows = 2); pairs10 <- make_pairs(10); fours <- make_pairs(7, 4)
threes <- make_pairs(9, 3); mixed <- rbind(make_pairs(5, 2), transform(make_pairs(3, 4), stratum = paste0("t", stratum), psu = psu + 2000))
single <- mixed[!(mixed$stratum %in% c("s2", "s4")) | mixed$psu %in% tapply(mixed$psu, mixed$stratum, min)[c("s2", "s4")], ]
rows26 <- pairs26[!duplicated(pairs26$psu), ]
for (n in c("nhanes", "mu284", "pairs26", "pairs33", "pairs55", "pairs10", "fours", "threes", "mixed", "single", "rows26")) save(get(n), n)
api <- apiclus2[, c("dnum", "snum", "stype", "sch.wide", "comp.imp", "api00", "api99", "enroll", "api.stu", "fpc1", "fpc2", "pw")]; save(api, "api")
api$light <- api$pw / 60; save(api, "api")
staged <- rbind(transform(apiclus2, region = ifelse(dnum %% 2 == 0, "even", "odd")))[, c("dnum", "snum", "region", "stype", "sch.wide", "api00", "fpc1", "fpc2")]
staged$fpc1 <- ifelse(staged$region == "even", 420, 337); staged <- staged[!(staged$region == "even" & staged$dnum > 300 & staged$dnum < 500), ]
staged$fpc2 <- pmax(staged$fpc2, 6); staged$w <- 20; save(staged, "staged")
alone <- staged[staged$region == "odd" | staged$dnum == min(staged$dnum[staged$region == "even"]), ]; save(alone, "alone")
strata <- apistrat[, c("stype", "pw", "fpc", "sch.wide", "comp.imp", "awards", "api00", "api99", "meals")]
strata$light <- strata$pw / 50; save(strata, "strata")

variable("satisfied", "satisfied"); variable("x", "x"); variable("many", "many"); variable("y", "y")
variable("highchol", "HI_CHOL", valid = "!is.na(HI_CHOL)"); variable("schwide", "sch.wide", equals = "Yes"); variable("api00", "api00")
variable("compimp", "comp.imp", equals = "Yes")

# --- designs ------------------------------------------------------------------------------------------------------
design("nh", "nhanes", "svydesign(ids = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nhanes)",
       ids = I("SDMVPSU"), strata = I("SDMVSTRA"), weights = "WTMEC2YR", nest = TRUE)
design("mu", "mu284", "svydesign(ids = ~id1 + id2, fpc = ~n1 + n2, data = mu284)", ids = I(c("id1", "id2")), fpc = I(c("n1", "n2")))
design("api", "api", "svydesign(ids = ~dnum + snum, fpc = ~fpc1 + fpc2, weights = ~pw, data = api)", ids = I(c("dnum", "snum")), fpc = I(c("fpc1", "fpc2")), weights = "pw")
design("staged", "staged", "svydesign(ids = ~dnum + snum, strata = ~region, fpc = ~fpc1 + fpc2, data = staged)",
       lonely = "average", ids = I(c("dnum", "snum")), strata = I("region"), fpc = I(c("fpc1", "fpc2")))
for (rule in c("remove", "certainty", "average"))  # "adjust" differs between 4.1-1 and 4.5 at later stages
  design(paste0("alone_", rule), "alone", "svydesign(ids = ~dnum + snum, strata = ~region, weights = ~w, fpc = ~fpc1 + fpc2, data = alone)",
         lonely = rule, ids = I(c("dnum", "snum")), strata = I("region"), weights = "w", fpc = I(c("fpc1", "fpc2")))
for (rule in c("remove", "certainty", "adjust", "average"))
  design(paste0("single_", rule), "single", "svydesign(ids = ~psu, strata = ~stratum, weights = ~w, data = single)", lonely = rule,
         ids = I("psu"), strata = I("stratum"), weights = "w")
for (n in c("pairs26", "pairs33", "pairs55", "pairs10", "fours", "threes", "mixed"))
  design(n, n, sprintf("svydesign(ids = ~psu, strata = ~stratum, weights = ~w, data = %s)", n), ids = I("psu"), strata = I("stratum"), weights = "w")
design("rows26", "rows26", "svydesign(ids = ~1, strata = ~stratum, weights = ~w, data = rows26)", lonely = "remove", strata = I("stratum"), weights = "w")
design("strata", "strata", "svydesign(ids = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strata)", strata = I("stype"), weights = "pw", fpc = I("fpc"))
design("light", "strata", "svydesign(ids = ~1, strata = ~stype, weights = ~light, data = strata)", strata = I("stype"), weights = "light")
replicate <- function(name, base, type, ..., file = NULL, options = "") {
  spec <- list(type = type, ...); data <- sub("\\.csv$", "", SPECS[[base]]$data)
  code <- sprintf('as.svrepdesign(DESIGNS[["%s"]], type = "%s", compress = FALSE%s)', base, type, options)
  design(name, data, code, lonely = SPECS[[base]]$lonely_psu, base = base, replicates = spec)
}
for (n in c("pairs26", "pairs33", "pairs55", "pairs10", "fours", "mixed")) {
  replicate(paste0(n, "_brr"), n, "BRR", mse = FALSE); replicate(paste0(n, "_fay"), n, "Fay", rho = 0.3, mse = TRUE, options = ", fay.rho = 0.3, mse = TRUE")
}
replicate("rows26_brr", "rows26", "BRR", mse = FALSE)
replicate("nh_brr", "nh", "BRR", mse = FALSE); replicate("nh_fay", "nh", "Fay", rho = 0.5, mse = FALSE, options = ", fay.rho = 0.5"); replicate("nh_jkn", "nh", "JKn", mse = FALSE)
replicate("threes_brr", "threes", "BRR", mse = FALSE, large = "merge", options = ', large = "merge"')
replicate("single_brr_merge", "single_remove", "BRR", mse = FALSE, small = "merge", options = ', small = "merge"')
replicate("single_brr_split", "single_remove", "BRR", mse = FALSE, small = "split", options = ', small = "split"')
replicate("threes_jkn", "threes", "JKn", mse = TRUE, options = ", mse = TRUE")
given <- function(name, base, type, combined, ...) {
  made <- as.svrepdesign(DESIGNS[[base]], type = type, compress = FALSE, ...); matrix <- if (combined) weights(made, "analysis") else weights(made, "replication")
  file <- paste0(name, "_weights.csv"); write.csv(as.data.frame(unclass(matrix)), file, row.names = FALSE); matrix <- as.matrix(read.csv(file))
  MATRIX[[name]] <<- matrix; data <- sub("\\.csv$", "", SPECS[[base]]$data); w <- SPECS[[base]]$weights
  SCALE[[name]] <<- made$scale; RSCALES[[name]] <<- as.numeric(made$rscales)
  kind <- if (type == "subbootstrap") "bootstrap" else type
  code <- sprintf('svrepdesign(weights = ~%s, repweights = MATRIX[["%s"]], type = "%s", scale = SCALE[["%s"]], rscales = RSCALES[["%s"]], combined.weights = %s, data = %s)', w, name, kind, name, name, combined, data)
  design(name, data, code, weights = w, replicates = list(type = kind, file = file, combined = combined, mse = FALSE, scale = made$scale, rscales = I(as.numeric(made$rscales))))
}
MATRIX <- list(); SCALE <- list(); RSCALES <- list()
given("boot_given", "pairs10", "subbootstrap", FALSE, replicates = 30); given("boot_combined", "threes", "subbootstrap", TRUE, replicates = 25)
given("jkn_given", "threes", "JKn", TRUE); given("boot_rescaled", "mixed", "bootstrap", FALSE, replicates = 20)

people <- c(F = 300, M = 280); freq <- function(x, n) setNames(data.frame(names(x), as.numeric(x)), c(n, "Freq"))
margins <- list(sex = c(F = 310, M = 290), month = c(`1` = 100, `2` = 110, `3` = 90, `4` = 95, `5` = 105, `6` = 100))
for (n in c("pairs33", "single_remove")) {
  lonely <- SPECS[[n]]$lonely_psu; data <- sub("\\.csv$", "", SPECS[[n]]$data)
  design(paste0(n, "_ps"), data, sprintf('postStratify(DESIGNS[["%s"]], ~sex, freq(margins$sex, "sex"))', n), lonely = lonely, base = n,
         calibration = list(kind = "poststratify", by = I("sex"), totals = as.list(margins$sex)))
  design(paste0(n, "_rake"), data, sprintf('rake(DESIGNS[["%s"]], list(~sex, ~month), list(freq(margins$sex, "sex"), freq(margins$month, "month")), control = list(maxit = 500, epsilon = 1e-13))', n),
         lonely = lonely, base = n, calibration = list(kind = "rake", margins = list(sex = as.list(margins$sex), month = as.list(margins$month))))
}
total_api <- c(`(Intercept)` = 6194, `sch.wideYes` = 5122, api99 = 3914069)
spec_api <- list(`(Intercept)` = 6194, `sch.wide=Yes` = 5122, api99 = 3914069)
calibrated <- function(name, base, calfun, low, high) {
  code <- sprintf('calibrate(DESIGNS[["%s"]], ~sch.wide + api99, total_api, calfun = "%s", bounds = c(%s, %s), maxit = 500, epsilon = 1e-12)', base, calfun, low, high)
  design(name, sub("\\.csv$", "", SPECS[[base]]$data), code, lonely = SPECS[[base]]$lonely_psu, base = base,
         calibration = list(kind = "calibrate", calfun = calfun, bounds = sprintf("c(%s, %s)", low, high), totals = spec_api))
}
calibrated("strata_linb", "strata", "linear", 0.93, 1.06); calibrated("strata_rakb", "strata", "raking", 0.93, 1.06); calibrated("strata_log", "strata", "logit", 0.9, 1.15)
calibrated("light_lin", "light", "linear", -Inf, Inf); calibrated("light_rak", "light", "raking", -Inf, Inf)
calibrated("light_linb", "light", "linear", 0.93, 1.06); calibrated("light_rakb", "light", "raking", 0.93, 1.06); calibrated("light_log", "light", "logit", 0.9, 1.15)
design("nh_ps", "nhanes", 'postStratify(DESIGNS[["nh"]], ~race + RIAGENDR, xtabs(round(WTMEC2YR * 1.1) ~ race + RIAGENDR, nhanes))', base = "nh",
       calibration = list(kind = "poststratify", by = I(c("race", "RIAGENDR")), totals = {
         t <- as.data.frame(xtabs(round(WTMEC2YR * 1.1) ~ race + RIAGENDR, nhanes))
         lapply(seq_len(nrow(t)), function(i) list(race = as.character(t$race[i]), RIAGENDR = as.character(t$RIAGENDR[i]), Freq = t$Freq[i])) }))
design("pairs10_brr_ps", "pairs10", 'postStratify(DESIGNS[["pairs10_brr"]], ~sex, freq(margins$sex, "sex"))', base = "pairs10_brr",
       calibration = list(kind = "poststratify", by = I("sex"), totals = as.list(margins$sex)))
design("pairs33_trim", "pairs33", 'trimWeights(DESIGNS[["pairs33_rake"]], upper = 5, strict = TRUE)', base = "pairs33_rake", calibration = list(kind = "trim", upper = 5, strict = TRUE))

# --- records ------------------------------------------------------------------------------------------------------
made <- c("pairs26", "pairs33", "pairs55", "pairs10", "fours", "threes", "mixed", "rows26")
for (n in names(DESIGNS)) {
  data <- SPECS[[n]]$data
  if (data %in% paste0(c(made, "single"), ".csv")) {
    means(n, "satisfied"); means(n, "satisfied", "sex == \"F\"")
    if (FULL || n %in% c("pairs33", "mixed_fay", "pairs33_rake", "single_average")) intervals(n, "satisfied", levels = 0.95)
    if (FULL) intervals(n, "satisfied", "month >= 3 & sex == \"M\"", levels = 0.9)
    if (!FULL && !(n %in% c("pairs33_brr", "single_average", "boot_combined"))) next
    means(n, "x"); by(n, "satisfied", "sex")
    if (!is.null(SPECS[[n]]$replicates) || is.null(SPECS[[n]]$calibration)) contrast(n, "satisfied", "sex", "F", "M")
    ratios(n, "satisfied", "x"); slope(n, "satisfied", "month")
    if (is.null(SPECS[[n]]$calibration)) independence(n, "satisfied", "sex")
  }
  if (data == "nhanes.csv") {
    means(n, "highchol"); means(n, "highchol", "RIAGENDR == 2 & race == 3"); if (FULL || n != "nh_jkn") intervals(n, "highchol", levels = if (FULL) c(0.9, 0.95, 0.99) else 0.99)
    if (FULL) intervals(n, "highchol", "race == 4", levels = 0.95)
    if (!FULL && n != "nh_fay") next
    by(n, "highchol", "agecat"); by(n, "highchol", c("race", "RIAGENDR"))
    if (n != "nh_ps") contrast(n, "highchol", "race", "1", "2")
    if (n == "nh") { slope(n, "highchol", "race"); independence(n, "highchol", "race") }
  }
  if (data == "mu284.csv") { means(n, "y"); means(n, "many"); intervals(n, "many", methods = c("mean", "xlogit", "asin", "beta"), levels = 0.95) }
  if (data %in% c("api.csv", "staged.csv", "alone.csv", "strata.csv")) {
    means(n, "schwide"); means(n, "api00"); if (FULL) means(n, "schwide", "stype == \"E\"")
    if (FULL || n %in% c("staged", "alone_average", "light_log")) intervals(n, "schwide", levels = if (FULL) c(0.9, 0.95) else 0.9)
    if (FULL) intervals(n, "schwide", "stype == \"E\"", levels = 0.95)
    by(n, "api00", "stype")
  }
}
for (n in grep("^(strata|light)_|_ps$|_rake$|_trim$", names(DESIGNS), value = TRUE)) weighed(n)
file <- list(meta = list(r = R.version.string, survey = as.character(packageVersion("survey")), tolerance = "relative 1e-9; logit and likelihood 1e-6"),
             variables = VARIABLES, designs = SPECS, records = RECORDS)
writeLines(json(file), "reference.json")
