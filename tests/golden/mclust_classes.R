# Writes mclust_classes.json: what mclust's classifiers, its merging of components and its directions are.
#
# Run from the workspace root with R 4.2.2, mclust 6.0.0 (Debian r-cran-mclust); it takes some ten seconds:
#
#     Rscript tests/golden/mclust_classes.R
#
# "edda": for each data set with classes, and each of the fourteen models, the log-likelihood of
# MclustDA(modelType = "EDDA"), the number of its parameters without the priors of the classes, and the log-likelihood of
# rows and classes together; null where mclust refuses the model. Columns of words are classes, all others are data.
#
# "mclust_da": what MclustDA() with all its defaults finds: model and number of components of each class (XXX is an
# ellipsoid of one component), the bic of each among its rows (in mclust's sign), its log-likelihood, the number of
# parameters without the priors, the error and the Brier score on the rows themselves.
#
# "combi": parameters of a mixture that Mclust() found, and clustCombi() of it: for each step the two clusters, from 1,
# that become one (the second joins the first, and those after it move up), the entropies of 1..K clusters, and the
# number of clusters of clustCombiOptim() with one and with two bends.
#
# "directions": MclustDR() of classifiers and of a mixture for lambda = 1 and 0.5: eigenvalues, the basis of unit vectors
# (a list for each direction) and the classes that the rows are given after projection; the parameters of the components.

suppressMessages(library(mclust))

number <- function(x) ifelse(is.na(x), "null", sprintf("%.17g", x))
text <- function(x) sprintf("\"%s\"", x)
list_of <- function(x) sprintf("[%s]", paste(x, collapse = ", "))
numbers <- function(x) list_of(number(x))
columns <- function(m) list_of(apply(m, 2, numbers))
matrices <- function(a) list_of(apply(a, 3, columns))
object <- function(..., indent = NULL) {
  x <- unlist(list(...))
  members <- sprintf("\"%s\": %s", names(x), x)
  if (is.null(indent)) return(sprintf("{%s}", paste(members, collapse = ", ")))
  sprintf("{\n%s%s\n%s}", indent, paste(members, collapse = paste0(",\n", indent)), substring(indent, 2))
}

files <- c(iris = "iris.csv", wine = "wine.csv", diabetes = "diabetes_mclust_flawed.csv", banknote = "banknote.csv")
data_of <- function(name) {
  table <- read.csv(file.path("assets/tabular", files[[name]]))
  numeric <- sapply(table, is.numeric)
  list(x = unname(as.matrix(table[, numeric])), class = table[[which(!numeric)]])
}

# Log-likelihood of rows and classes together.
complete <- function(fit) {
  of_class <- function(class) {
    own <- fit$data[fit$class == class, , drop = FALSE]
    density <- do.call("dens", c(list(data = own, logarithm = TRUE), fit$models[[class]]))
    sum(density + log(nrow(own) / fit$n))
  }
  sum(sapply(names(fit$models), of_class))
}

edda <- function(name) {
  data <- data_of(name)
  of <- function(model) {
    fit <- try(MclustDA(data$x, data$class, modelType = "EDDA", modelNames = model, verbose = FALSE), silent = TRUE)
    if (inherits(fit, "try-error") || is.null(fit)) c(NA, NA, NA) else c(fit$loglik, round(fit$df), complete(fit))
  }
  models <- mclust.options("emModelNames")
  fits <- sapply(models, of)
  object(setNames(apply(fits, 2, numbers), models), indent = "   ")
}

mclust_da <- function(name) {
  data <- data_of(name)
  fit <- MclustDA(data$x, data$class, verbose = FALSE)
  result <- summary(fit)
  object(
    models = list_of(text(result$modelName)), n_components = numbers(result$G),
    bic = numbers(sapply(fit$models, function(model) max(model$BIC, na.rm = TRUE))),
    log_likelihood = number(fit$loglik), df = number(fit$df), error = number(result$ce), brier = number(result$brier)
  )
}

parameters <- function(pro, mean, sigma) {
  c(weights = numbers(pro), means = columns(mean), covariances = matrices(sigma))
}

combi <- function(file, ...) {
  table <- read.csv(file.path("assets/tabular", file))
  x <- unname(as.matrix(table[, sapply(table, is.numeric)]))
  fit <- Mclust(x, ..., verbose = FALSE)
  # The posteriors of these very parameters, which those of the last E-step are not to the last digit.
  fit$z <- estep(x, fit$modelName, fit$parameters)$z
  found <- clustCombi(fit)
  k <- fit$G
  step <- function(size) {
    m <- found$combiM[[size - 1]]
    numbers(which(m[rowSums(m) == 2, ] == 1))
  }
  entropies <- sapply(1:k, function(size) -sum(mclust:::xlog(found$combiz[[size]])))
  object(
    file = text(file), model = text(fit$modelName),
    parameters(fit$parameters$pro, fit$parameters$mean, fit$parameters$variance$sigma),
    steps = list_of(sapply(k:2, step)), entropies = numbers(entropies),
    one_bend = clustCombiOptim(found, reg = 2)$numClusters.combi,
    two_bends = clustCombiOptim(found, reg = 3)$numClusters.combi,
    indent = "   "
  )
}

directions <- function(fit, file) {
  all <- sapply(c("1" = 1, "0.5" = 0.5), function(lambda) {
    dr <- MclustDR(fit, lambda = lambda)
    object(
      eigenvalues = numbers(dr$evalues), basis = columns(dr$basis),
      classes = numbers(as.integer(predict(dr)$classification))
    )
  })
  dr <- MclustDR(fit)
  object(
    file = text(file), class_of_component = numbers(dr$class2mixcomp),
    parameters(dr$pro, dr$mu, dr$sigma), all, indent = "   "
  )
}

iris_data <- data_of("iris")
banknote_data <- data_of("banknote")
json <- object(
  source = text(sprintf("R %s.%s, mclust %s", R.version$major, R.version$minor, packageVersion("mclust"))),
  edda = object(sapply(names(files), edda), indent = "  "),
  mclust_da = object(sapply(names(files), mclust_da), indent = "  "),
  combi = object(
    faithful = combi("faithful.csv", G = 6, modelNames = "VVV"),
    iris = combi("iris.csv", G = 5, modelNames = "EEI"),
    indent = "  "
  ),
  directions = object(
    iris_mixture = directions(Mclust(iris_data$x, G = 3, verbose = FALSE), "iris.csv"),
    iris_edda = directions(MclustDA(iris_data$x, iris_data$class, modelType = "EDDA", verbose = FALSE), "iris.csv"),
    banknote_da = directions(MclustDA(banknote_data$x, banknote_data$class, verbose = FALSE), "banknote.csv"),
    indent = "  "
  ),
  indent = " "
)
writeLines(json, "tests/golden/mclust_classes.json")
