# Orders and checksums of R's Hadamard matrices: Rscript make_hadamard.R > hadamard.csv
suppressMessages(library(survey))
cat("n,order,checksum\n")
for (n in 1:420) {
  m <- hadamard(n)
  ones <- as.vector(t(m))
  cat(sprintf("%d,%d,%.0f\n", n, nrow(m), sum(ones * ((seq_along(ones) - 1) %% 997 + 1))))
}
