# Writes mclust_folds.json: how often mclust's EDDA of model VEV is wrong about irises that it has not seen.
#
# Run from the workspace root with R 4.2.2, mclust 6.0.0 (Debian r-cran-mclust); it takes some twenty seconds:
#
#     Rscript tests/golden/mclust_folds.R
#
# "runs": for each of twenty seeds the fold of each row, from 0, as mclust's own balancedFolds() deals them, and of each
# fold the rows, from 0, that MclustDA(modelType = "EDDA", modelNames = "VEV") of all other rows gives a wrong class. As
# in cvMclustDA() the priors are those of all rows.

suppressMessages(library(mclust))

numbers <- function(x) sprintf("[%s]", paste(x, collapse = ", "))

data <- read.csv("assets/tabular/iris.csv")
x <- unname(as.matrix(data[, 1:4]))
class <- factor(data$species)

wrong <- function(out) {
  fit <- MclustDA(x[-out, ], class[-out], modelType = "EDDA", modelNames = "VEV", verbose = FALSE)
  found <- predict(fit, x[out, ], prop = as.vector(table(class)) / length(class))$classification
  sort(out[as.character(found) != as.character(class[out])]) - 1
}

run <- function(seed) {
  set.seed(seed)
  folds <- mclust:::balancedFolds(class, nfolds = 10)
  of_row <- integer(length(class))
  for (i in seq_along(folds)) of_row[folds[[i]]] <- i - 1
  wrongs <- sapply(lapply(folds, wrong), numbers)
  sprintf("  {\"folds\": %s, \"wrong\": %s}", numbers(of_row), numbers(wrongs))
}

source <- sprintf("R %s.%s, mclust %s", R.version$major, R.version$minor, packageVersion("mclust"))
runs <- paste(sapply(1:20, run), collapse = ",\n")
writeLines(sprintf("{\n \"source\": \"%s\",\n \"runs\": [\n%s\n ]\n}", source, runs), "tests/golden/mclust_folds.json")
