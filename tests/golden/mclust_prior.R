# Writes mclust_prior.json: where mclust's EM ends under its default prior, and beside its noise component.
#
# Run from the workspace root with R 4.2.2, mclust 6.0.0 (Debian r-cran-mclust); it takes some five seconds:
#
#     Rscript tests/golden/mclust_prior.R
#
# "prior": for each data set the partition into G groups by model-based agglomeration, hc() (VVV on the SVD-scaled
# data), one digit per row; and for each model that mclust has a prior for the shares, means and covariances at which
# me() with priorControl() ends from that partition with a tolerance of 1e-15; for EII and EEI where the formulas
# of the paper end, from which the program departs (see below). Of VEI, EVI, EEV and VEV the paper says nothing, and
# mclust counts the priors of what is shared and what is not in ways of its own.
#
# "noise": rows of the data with rows spread over a box around them (a Kronecker sequence) below; the partition, in
# which 0 is the noise; and where me() with Vinv = 1/volume of the box of all these rows ends.
#
# Matrices are rows of rows; a covariance is one matrix for each component.

suppressMessages(library(mclust))

files <- list(faithful = list("faithful.csv", 2), iris = list("iris.csv", 3), diabetes = list("diabetes_mclust_flawed.csv", 3))
models <- c("EII", "VII", "EEI", "VVI", "EEE", "VVV")
control <- emControl(tol = c(1e-15, sqrt(.Machine$double.eps)), itmax = c(100000, 100000))

text <- function(x) sprintf("\"%s\"", x)
list_of <- function(x) sprintf("[%s]", paste(x, collapse = ", "))
row_of <- function(x) list_of(sprintf("%.17g", x))
matrix_of <- function(x) list_of(apply(x, 1, row_of))
object <- function(x, indent) {
  members <- sprintf("\"%s\": %s", names(x), x)
  sprintf("{\n%s%s\n%s}", indent, paste(members, collapse = paste0(",\n", indent)), substring(indent, 2))
}

data_of <- function(name) {
  table <- read.csv(file.path("assets/tabular", files[[name]][[1]]))
  unname(as.matrix(table[, sapply(table, is.numeric), drop = FALSE]))
}

parameters <- function(fit) {
  p <- fit$parameters
  sigma <- p$variance$sigma
  list(
    weights = row_of(p$pro), means = matrix_of(t(p$mean)),
    covariances = list_of(sapply(seq_len(dim(sigma)[3]), function(k) matrix_of(sigma[, , k]))),
    log_likelihood = sprintf("%.17g", fit$loglik)
  )
}

# EM of EEI and EII by Fraley & Raftery 2007, table 1. me() of 6.0.0 departs from it: the means stay where the rows have
# them, unlike those of all other models, and the prior of the means counts once, not once for each component.
table_1 <- function(x, model, z) {
  p <- do.call("defaultPrior", list(data = x, G = ncol(z), modelName = model))
  before <- -Inf
  for (i in seq_len(100000)) {
    n <- colSums(z)
    centre <- t(z) %*% x / n
    mean <- (n * centre + p$shrinkage * rep(p$mean, each = ncol(z))) / (n + p$shrinkage)
    scatter <- if (model == "EEI") p$scale[1] else p$scale[1] / ncol(x)
    for (k in seq_along(n)) {
      scatter <- scatter + colSums(z[, k] * sweep(x, 2, centre[k, ])^2) +
        p$shrinkage * n[k] / (p$shrinkage + n[k]) * (centre[k, ] - p$mean)^2
    }
    rows <- nrow(x) + length(n)
    variances <- if (model == "EEI") scatter / (p$dof + rows + 2) else
      rep(sum(scatter) / (p$dof + rows * ncol(x) + 2), ncol(x))
    log_joint <- sapply(seq_along(n), function(k) {
      log(n[k] / nrow(x)) + colSums(dnorm(t(x), mean[k, ], sqrt(variances), log = TRUE))
    })
    most <- apply(log_joint, 1, max)
    log_density <- most + log(rowSums(exp(log_joint - most)))
    z <- exp(log_joint - log_density)
    if (abs(sum(log_density) - before) < 1e-14 * abs(before)) break
    before <- sum(log_density)
  }
  sigma <- array(diag(variances), c(ncol(x), ncol(x), length(n)))
  list(parameters = list(pro = n / nrow(x), mean = t(mean), variance = list(sigma = sigma)), loglik = sum(log_density))
}

groups <- function(x, g) as.vector(hclass(hc(x, modelName = "VVV", use = "SVD"), g))

prior <- function(name) {
  x <- data_of(name)
  labels <- groups(x, files[[name]][[2]])
  end <- function(model) {
    fit <- if (model %in% c("EII", "EEI")) table_1(x, model, unmap(labels)) else
      me(data = x, modelName = model, z = unmap(labels), prior = priorControl(), control = control)
    object(parameters(fit), "     ")
  }
  object(c(partition = text(paste(labels, collapse = "")), sapply(models, end)), "   ")
}

noise <- function(name) {
  x <- data_of(name)
  low <- apply(x, 2, min)
  high <- apply(x, 2, max)
  n <- nrow(x) %/% 10
  steps <- sqrt(c(2, 3, 5, 7))[seq_len(ncol(x))]
  share <- outer(seq_len(n), steps) %% 1
  more <- t(low - 0.5 * (high - low) + 2 * (high - low) * t(share))
  labels <- c(groups(x, files[[name]][[2]]), rep(0, n))
  all <- rbind(x, more)
  volume <- prod(apply(all, 2, function(column) diff(range(column))))
  end <- function(model) {
    z <- 1 * outer(labels, c(seq_len(files[[name]][[2]]), 0), "==")
    fit <- me(data = all, modelName = model, z = z, Vinv = 1 / volume, control = control)
    object(parameters(fit), "     ")
  }
  object(c(
    partition = text(paste(labels, collapse = "")), more_rows = matrix_of(more),
    sapply(c("EII", "VVI", "EEE", "VVV"), end)
  ), "   ")
}

json <- object(c(
  source = text(sprintf("R %s.%s, mclust %s", R.version$major, R.version$minor, packageVersion("mclust"))),
  files = object(sapply(files, function(f) text(f[[1]])), "  "),
  prior = object(sapply(names(files), prior), "  "),
  noise = object(sapply(c("faithful", "iris"), noise), "  ")
), " ")
writeLines(json, "tests/golden/mclust_prior.json")
