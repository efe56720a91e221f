# Reference values on data sets that stress the survival functions: two grouping columns, a column
# named group, groups never at risk together when follow-up ends, medians that are not reached, far
# outlying covariates, delayed entry with covariates that change, and more than 400 distinct times.
# Usage: python export.py FOLDER && LC_ALL=C Rscript further.R FOLDER > further.json
# (R 4.2, survival 3.5, jsonlite)
suppressMessages({library(survival); library(jsonlite)})
folder <- commandArgs(TRUE)[1]
read <- function(name) read.csv(file.path(folder, paste0(name, ".csv")), na.strings = "NA")
curve <- function(formula, d, until) {
  fit <- survfit(formula, d, conf.type = "log-log")
  t <- summary(fit, rmean = until)$table
  list(median = unname(t[, "median"]), median_low = unname(t[, "0.95LCL"]),
       median_high = unname(t[, "0.95UCL"]), mean = unname(t[, "rmean"]),
       mean_error = unname(t[, "se(rmean)"]), log_rank = survdiff(formula, d)$chisq)
}
cox <- function(formula, d, ties = "efron") {
  fit <- coxph(formula, d, ties = ties, x = TRUE, model = TRUE)
  s <- summary(fit)$coefficients
  robust <- "robust se" %in% colnames(s)
  list(estimate = unname(s[, "coef"]),
       std_error = unname(s[, if (robust) "robust se" else "se(coef)"]),
       log_likelihood = fit$loglik[2], test = unname(cox.zph(fit, terms = FALSE)$table[, "chisq"]))
}
ends <- function(time, state, by, at) {
  fit <- survfit(Surv(time, factor(state, 0:2)) ~ by, conf.type = "log-log")
  s <- summary(fit, times = at)
  list(at = at, estimate = c(s$pstate[, 2], s$pstate[, 3]),
       std_error = c(s$std.err[, 2], s$std.err[, 3]), conf_low = c(s$lower[, 2], s$lower[, 3]),
       conf_high = c(s$upper[, 2], s$upper[, 3]))
}
rotterdam <- read("rotterdam")
pbc <- read("pbcseq"); pbc <- pbc[order(pbc$id, pbc$day), ]
last <- !duplicated(pbc$id, fromLast = TRUE)
pbc$stop <- ifelse(last, pbc$futime, c(pbc$day[-1], NA))
pbc$died <- as.integer(last & pbc$status == 2)
pbc <- pbc[pbc$stop > pbc$day, ]
write(toJSON(list(
  curve_bmt = curve(Surv(t2, d3) ~ group, read("bmt"), 1000),
  curve_hodgkin = curve(Surv(time, delta) ~ gtype + dtype, read("hodg"), 300),
  curve_smoking = curve(Surv(ttr, relapse) ~ grp, read("pharmacoSmoking"), 150),
  cox_light_chains = cox(Surv(futime, death) ~ age + sex + kappa + lambda + creatinine,
                         read("flchain")),
  cox_pbc_visits = cox(Surv(day, stop, died) ~ bili + albumin + age + cluster(id), pbc),
  cox_infections = cox(Surv(tstart, tstop, status) ~ treat + age + strata(hos.cat) + cluster(id),
                       read("cgd"), "breslow"),
  cox_retinopathy = cox(Surv(futime, status) ~ trt + age + type + risk + cluster(id),
                        read("retinopathy")),
  cox_breast_feeding = cox(Surv(duration, delta) ~ race + poverty + smoke + alcohol + yschool,
                           read("bfeed")),
  ends_rotterdam = with(rotterdam, ends(pmin(rtime, dtime), ifelse(recur == 1, 1, 2 * death), chemo,
                                        c(1000, 2500, 4000)))
), digits = 10, auto_unbox = TRUE, pretty = TRUE, na = "null"), stdout())
