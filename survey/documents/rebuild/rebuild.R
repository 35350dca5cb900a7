# Rebuild a released table from its counts with R and its package survey:  Rscript rebuild.R
#
# Rate, standard error, degrees of freedom and design effect come from survey; the guarded limits are computed here by
# qbeta, as docs/methods.md of Hài Lòng defines them. Figures are compared with figures.csv to 1e-9, and with the
# printed digits in released.csv; a difference ends the script with status 1.

suppressMessages(library(survey))
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
folder <- if (length(script)) dirname(script[1]) else "."
fade <- 30
tolerance <- 1e-9

read <- function(name, numbers) {
  table <- read.csv(file.path(folder, name), colClasses = "character", na.strings = character(), encoding = "UTF-8")
  for (column in intersect(numbers, names(table))) table[[column]] <- as.numeric(table[[column]])
  table
}

clopper <- function(p, size, level) {
  tail <- (1 - level) / 2
  low <- if (p > 0) qbeta(tail, size * p, size * (1 - p) + 1) else 0
  high <- if (p < 1) qbeta(1 - tail, size * p + 1, size * (1 - p)) else 1
  c(min(low, p), max(high, p))
}

guarded_size <- function(p, v, n, x, df, kish, level, pooled) {
  tail <- (1 - level) / 2
  raw <- n * v / (if (p > 0 && p < 1) p * (1 - p) else 1)
  silent <- x <= 0 || x >= n || raw < 1e-12
  usable <- df >= 1 && n > 1
  ratio <- if (usable) qt(tail, df) / qt(tail, n - 1) else 1
  deff <- if (silent) 0 else raw * ratio^2
  anchor <- max(kish, pooled, na.rm = TRUE)
  excess <- anchor - deff
  if (is.na(pooled)) excess <- max(0, excess)
  divisor <- if (silent) anchor else deff + fade / (fade + min(x, n - x)) * excess
  size <- if (divisor > 0) n / divisor else n
  if (usable) size else min(1, size)
}

guarded <- function(p, size, fraction, level) {
  limits <- clopper(p, size, level)
  if (fraction <= 0) return(limits)
  rest <- 1 - min(1, fraction)
  inner <- p - rest * (p - clopper(p, size * rest^2, level))
  c(min(limits[1], inner[1]), max(limits[2], inner[2]))
}

pool <- function(design) {
  answered <- subset(design, !is.na(y))
  p <- coef(svymean(~y, answered))
  v <- vcov(svymean(~y, answered))[1]
  if (p > 0 && p < 1 && v > 0) nrow(answered) * v / (p * (1 - p)) else NA
}

make_design <- function(name) {
  members <- designs[designs$design == name, ]
  rows <- merge(cells, members, by = "stratum")
  rows <- merge(rows[rep(seq_len(nrow(rows)), rows$n), ], strata[, c("stratum", "population", "total")], by = "stratum")
  size <- table(rows$stratum)
  rows$w <- ifelse(is.na(rows$total), 1, rows$total / as.numeric(size[rows$stratum]))
  whole <- tapply(rows$population, list(rows$stratum), `[`, 1)
  joined <- tapply(rows$variance_stratum, list(rows$stratum), `[`, 1)
  rows$variance_population <- as.numeric(tapply(whole, joined[names(whole)], sum)[as.character(rows$variance_stratum)])
  units <- if (clustered) rows$psu else seq_len(nrow(rows))
  sampled <- tapply(units, rows$variance_stratum, function(each) length(unique(each)))
  rows$f <- if (finite) as.numeric(sampled[as.character(rows$variance_stratum)]) / rows$variance_population else 0
  svydesign(
    ids = if (clustered) ~psu else ~1, strata = ~variance_stratum, weights = ~w, data = rows,
    fpc = if (finite) ~variance_population else NULL
  )
}

estimate <- function(design, figure, pooled) {
  inside <- !is.na(design$variables$y)
  if (figure$agency != "") inside <- inside & design$variables$agency == figure$agency
  if (figure$month != "") inside <- inside & design$variables$month == figure$month
  domain <- design[inside, ]
  y <- domain$variables$y
  found <- svymean(~y, domain, deff = "replace")
  n <- nrow(domain)
  x <- sum(y)
  v <- vcov(found)[1]
  p <- coef(found)[[1]]
  df <- degf(domain)
  w <- domain$variables$w
  f <- domain$variables$f
  out <- data.frame(
    level = figure$level, sector = figure$sector, place = figure$place, n = n, rate = p, se = sqrt(v), df = df,
    survey_deff = if (v > 0) as.numeric(deff(found)) else NA
  )
  if (method == "mean") {
    limits <- p + c(-1, 1) * qt(1 - (1 - level) / 2, df) * sqrt(v)
    return(cbind(out, n_effective = NA, low = limits[1], high = limits[2]))
  }
  if (x %in% c(0, n)) p <- x / n
  census <- all(1 - f < 1e-7)
  kish <- n * sum((1 - f) * w^2) / sum(w)^2
  if (kish == 0) kish <- 1
  size <- if (census) n else guarded_size(p, v, n, x, df, kish, level, pooled)
  limits <- if (census) c(p, p) else guarded(p, size, sum(f * w^2) / sum(w^2), level)
  cbind(out, n_effective = size, low = limits[1], high = limits[2])
}

largest_difference <- function(ours, theirs, columns) {
  gaps <- sapply(columns, function(column) {
    one <- ours[[column]]
    other <- theirs[[column]]
    if (any(is.na(one) != is.na(other))) return(Inf)
    both <- !is.na(one)
    if (!any(both)) 0 else max(abs(one[both] - other[both]) / pmax(1, abs(other[both])))
  })
  max(gaps)
}

rule <- read("rule.csv", character())
told <- setNames(rule$value, rule$name)
level <- as.numeric(told[["confidence_level"]])
method <- told[["method"]]
finite <- told[["target_population"]] == "finite"
lonely <- told[["lonely_psu"]]
if (!method %in% c("guarded", "mean")) stop("This script knows the methods guarded and mean, not ", method)
options(survey.lonely.psu = if (lonely == "collapse") "adjust" else lonely, survey.adjust.domain.lonely = FALSE)

numbers <- c("n", "level", "population", "total", "variance_stratum")
cells <- read("cells.csv", numbers)
cells$y <- as.numeric(told[paste0("score_", cells$level)])
clustered <- any(cells$psu != "")
strata <- read("strata.csv", numbers)
designs <- read("designs.csv", numbers)
columns <- c("n", "rate", "se", "df", "survey_deff", "n_effective", "low", "high")
figures <- read("figures.csv", columns)
released <- read("released.csv", columns)

made <- lapply(setNames(nm = unique(figures$design)), make_design)
pooled <- lapply(made, function(each) if (clustered) pool(each) else NA)
rebuilt <- do.call(rbind, lapply(seq_len(nrow(figures)), function(row) {
  figure <- figures[row, ]
  estimate(made[[match(figure$design, names(made))]], figure, pooled[[match(figure$design, names(made))]])
}))
write.csv(rebuilt, file.path(folder, "rebuilt-by-r.csv"), row.names = FALSE, fileEncoding = "UTF-8")

gap <- largest_difference(rebuilt, figures, columns)
key <- function(table) paste(table$level, table$sector, table$place)
shown <- rebuilt[match(key(released), key(rebuilt)), ]
digits <- c("rate", "se", "low", "high")
half <- max(abs(as.matrix(shown[digits]) - as.matrix(released[digits])))
cat(sprintf("%d figures rebuilt by survey %s; largest difference %.1e\n", nrow(rebuilt), packageVersion("survey"), gap))
cat(sprintf("%d released figures; largest distance from a printed digit %.6f (at most 0.0005)\n", nrow(released), half))
if (!isTRUE(gap < tolerance) || !isTRUE(half <= 0.0005 + tolerance)) quit(status = 1)
