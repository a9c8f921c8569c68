# Writes mclust.json: where mclust's EM ends from its own start partitions, and the model its search finds best.
#
# Run from the workspace root with R 4.2.2, mclust 6.0.0 (Debian r-cran-mclust); it takes some twenty seconds:
#
#     Rscript tests/golden/mclust.R
#
# "same_start": for each data set the partitions into G = 1..6 groups by model-based agglomeration, hc() (VVV on the
# SVD-scaled data), one digit per row; and for each of the fourteen models the log-likelihood at which me() ends from
# each partition with a tolerance of 1e-11; null where mclust refuses the model as singular.
#
# "search": what Mclust() with all its defaults finds best among G = 1..9 and all models; bic in mclust's sign,
# 2L - df ln n, where more is better; the adjusted Rand index against the file's classes, where it has any; and as
# "table" the bic of every model for G = 1..9.
#
# "random_pairs": the same for the galaxies when the best of the default and of twenty agglomerations that begin with
# random pairs is kept for each model.
#
# Columns of words are classes, all others are data. Values are divided by "unit" first.

suppressMessages(library(mclust))

files <- list(
  faithful = list("faithful.csv", 1),
  iris = list("iris.csv", 1),
  diabetes = list("diabetes_mclust_flawed.csv", 1),
  wine = list("wine.csv", 1),
  galaxies = list("galaxies.csv", 1000),
  acidity = list("acidity.csv", 1),
  banknote = list("banknote.csv", 1)
)
started <- c("faithful", "iris", "diabetes", "wine")
tolerance <- 1e-11

number <- function(x) ifelse(is.na(x), "null", sprintf("%.15g", x))
text <- function(x) sprintf("\"%s\"", x)
list_of <- function(x) sprintf("[%s]", paste(x, collapse = ", "))
object <- function(..., indent = NULL) {
  x <- unlist(list(...))
  members <- sprintf("\"%s\": %s", names(x), x)
  if (is.null(indent)) return(sprintf("{%s}", paste(members, collapse = ", ")))
  sprintf("{\n%s%s\n%s}", indent, paste(members, collapse = paste0(",\n", indent)), substring(indent, 2))
}

table_of <- function(name) {
  table <- read.csv(file.path("assets/tabular", files[[name]][[1]]))
  numeric <- sapply(table, is.numeric)
  classes <- if (all(numeric)) NULL else table[[which(!numeric)]]
  list(x = unname(as.matrix(table[, numeric, drop = FALSE])) / files[[name]][[2]], classes = classes)
}

same_start <- function(name) {
  x <- table_of(name)$x
  labels <- hclass(hc(x, modelName = "VVV", use = "SVD"), 1:6)
  end <- function(model, g) {
    control <- emControl(tol = c(tolerance, sqrt(.Machine$double.eps)))
    fit <- try(me(data = x, modelName = model, z = unmap(labels[, g]), control = control, warn = FALSE), silent = TRUE)
    if (inherits(fit, "try-error")) NA else fit$loglik
  }
  models <- mclust.options("emModelNames")
  ends <- sapply(models, function(model) list_of(number(sapply(1:6, function(g) end(model, g)))))
  digits <- apply(labels, 2, paste, collapse = "")
  object(
    partitions = list_of(text(digits)),
    log_likelihoods = object(ends, indent = "    "),
    indent = "   "
  )
}

best <- function(name, bic) {
  data <- table_of(name)
  fit <- Mclust(data$x, x = bic, verbose = FALSE)
  ari <- if (is.null(data$classes)) NA else adjustedRandIndex(fit$classification, data$classes)
  object(
    model = text(fit$modelName), n_components = fit$G, df = fit$df,
    log_likelihood = number(fit$loglik), bic = number(fit$bic), ari = number(ari),
    table = object(apply(bic, 2, function(column) list_of(number(column))), indent = "    "),
    indent = "   "
  )
}

search <- function(name) best(name, mclustBIC(table_of(name)$x, verbose = FALSE))

random_pairs <- function(name) {
  x <- table_of(name)$x
  bic <- mclustBIC(x, verbose = FALSE)
  set.seed(1)
  for (i in 1:20) {
    pairs <- hcRandomPairs(x)
    bic <- mclustBICupdate(bic, mclustBIC(x, verbose = FALSE, initialization = list(hcPairs = pairs)))
  }
  best(name, bic)
}

each <- function(names, f) sapply(names, f)
json <- object(
  source = text(sprintf("R %s.%s, mclust %s", R.version$major, R.version$minor, packageVersion("mclust"))),
  tolerance = "1e-11",
  files = object(sapply(files, function(f) object(file = text(f[[1]]), unit = f[[2]])), indent = "  "),
  same_start = object(each(started, same_start), indent = "  "),
  search = object(each(names(files), search), indent = "  "),
  random_pairs = object(each("galaxies", random_pairs), indent = "  "),
  indent = " "
)
writeLines(json, "tests/golden/mclust.json")
