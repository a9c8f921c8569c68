# mclust's side of the comparison of whole searches; `mclust.sh` runs both.
#
#     Rscript mclust.R FILE.csv LARGEST_K [MODELS]
#
# reads a table of numbers without a header, times mclustBIC over 1 to LARGEST_K components and all models (or those
# of MODELS, separated by commas), and prints "SECONDS MODEL,K BIC" of the best.

suppressMessages(library(mclust))

arguments <- commandArgs(TRUE)
x <- unname(as.matrix(read.csv(arguments[1], header = FALSE)))
models <- NULL
if (length(arguments) > 2 && ncol(x) > 1) models <- strsplit(arguments[3], ",")[[1]]
before <- proc.time()[["elapsed"]]
bic <- mclustBIC(x, G = 1:as.integer(arguments[2]), modelNames = models, verbose = FALSE)
seconds <- proc.time()[["elapsed"]] - before
best <- summary(bic, x)
cat(sprintf("%.4f %s,%d %.4f\n", seconds, best$modelName, best$G, best$bic))
