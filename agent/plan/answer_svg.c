/* Happy path: head, four figures in boxes, one histogram per kind of failure over one logarithmic
 * axis, what it rests on.
 *
 * Failure modes: a file that cannot be opened or written: an error with its path; what was written
 * so far stays. */
#include "answer_svg.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "../peer/config_value.h"
#include "answer_text.h"

#define WIDTH 980
#define MARGIN 32
#define BOX_TOP 112
#define BOX_HEIGHT 82
#define BOX_WIDTH 220
#define PLOT_LEFT 330
#define PLOT_WIDTH 420
#define PLOT_TOP 256
#define ROW 52
#define BAR_MAX 34
#define BIN 3 /* wide */
#define BINS (PLOT_WIDTH / BIN)
#define SECTION 40 /* between the two groups of rows */

struct picture {
    FILE *out;
    const struct question *question;
    const struct config *config;
    const struct forecast *forecast;
    double low_ms, high_ms; /* ends of the axis */
    int y;                  /* the base of the row that is drawn */
};

static const char style[] =
    "<style>\n"
    "  text { font-family: system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif;"
    " font-size: 13px; fill: #1f2933; }\n"
    "  .page { fill: #fbfcfe; }\n"
    "  .box { fill: #eef2f8; }\n"
    "  .title { font-size: 22px; font-weight: 700; }\n"
    "  .big { font-size: 20px; font-weight: 700; }\n"
    "  .group { font-size: 14px; font-weight: 700; }\n"
    "  .soft { fill: #5b6b7c; font-size: 12px; }\n"
    "  .bad { fill: #c2371f; font-size: 12px; font-weight: 700; }\n"
    "  .number { text-anchor: end; font-variant-numeric: tabular-nums; }\n"
    "  .middle { text-anchor: middle; }\n"
    "  .grid { stroke: #dbe3ec; stroke-width: 1; }\n"
    "  .base { stroke: #b6c3d1; stroke-width: 1; }\n"
    "  .lease { stroke: #e0952f; stroke-width: 1.5; stroke-dasharray: 5 4; }\n"
    "  .leaseword { fill: #b06f10; font-size: 12px; }\n"
    "  .failure { fill: #3f74d1; }\n"
    "  .planned { fill: #17957f; }\n"
    "  .stays { fill: #8a76c4; }\n"
    "  .median { stroke: #1f2933; stroke-width: 1.6; }\n"
    "  .dot { fill: #1f2933; }\n"
    "  .p99 { stroke: #1f2933; stroke-width: 1.2; stroke-dasharray: 2 2; }\n"
    "  @media (prefers-color-scheme: dark) {\n"
    "    text { fill: #e4eaf1; }\n"
    "    .page { fill: #14191f; }\n"
    "    .box { fill: #202831; }\n"
    "    .soft { fill: #9fb0c1; }\n"
    "    .bad { fill: #ff8a70; }\n"
    "    .grid { stroke: #2a343f; }\n"
    "    .base { stroke: #4a5866; }\n"
    "    .leaseword { fill: #f0b35e; }\n"
    "    .failure { fill: #6d9bf0; }\n"
    "    .planned { fill: #3fc1a9; }\n"
    "    .stays { fill: #ab9ae0; }\n"
    "    .median { stroke: #f4f7fa; }\n"
    "    .dot { fill: #f4f7fa; }\n"
    "    .p99 { stroke: #f4f7fa; }\n"
    "  }\n"
    "</style>\n";

/* Text that may hold what XML reserves. */
static void put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else if (*text == '&')
            fputs("&amp;", out);
        else
            fputc(*text, out);
    }
}

static void put(const struct picture *picture, int x, int y, const char *class, const char *text)
{
    fprintf(picture->out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
    put_text(picture->out, text);
    fprintf(picture->out, "</text>\n");
}

static const struct spread *shown(const struct picture *picture, enum blow_kind kind)
{
    const struct blow_sums *sums = &picture->forecast->blows.kinds[kind];
    return blow_moves(kind) && picture->forecast->setup.has_record ? &sums->written : &sums->holds;
}

/* ---- the axis ---- */

static void find_axis(struct picture *picture)
{
    double low = 1e9, high = 1;
    for (enum blow_kind kind = 0; kind < BLOW_COUNT; kind++) {
        const struct spread *spread = shown(picture, kind);
        for (uint32_t i = 0; i < spread->count; i++) {
            if (spread->ms[i] > 0 && spread->ms[i] < low)
                low = spread->ms[i];
            if (spread->ms[i] > high)
                high = spread->ms[i];
        }
    }
    picture->low_ms = low > high ? 1 : low / 1.25;
    picture->high_ms = high * 1.15;
    if (picture->high_ms < 4 * picture->low_ms)
        picture->high_ms = 4 * picture->low_ms;
}

static double place(const struct picture *picture, double ms)
{
    double share = log(ms / picture->low_ms) / log(picture->high_ms / picture->low_ms);
    return PLOT_LEFT + PLOT_WIDTH * (share < 0 ? 0 : share > 1 ? 1 : share);
}

static void draw_axis(const struct picture *picture, int top, int bottom)
{
    static const int steps[] = {1, 2, 5};
    double last = 0;
    for (int decade = 1; decade <= 10000000; decade *= 10)
        for (size_t i = 0; i < 3; i++) {
            double ms = (double)decade * steps[i], x = place(picture, ms);
            char text[24];
            if (ms < picture->low_ms || ms > picture->high_ms || x - last < 38)
                continue;
            last = x;
            fprintf(picture->out,
                    "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"grid\"/>\n", x, top,
                    x, bottom);
            if (ms < 1000)
                snprintf(text, sizeof text, "%.0f ms", ms);
            else
                snprintf(text, sizeof text, "%.0f s", ms / 1000);
            put(picture, (int)x, bottom + 18, "soft middle", text);
        }
    put(picture, PLOT_LEFT + PLOT_WIDTH / 2, bottom + 38, "soft middle",
        "time since the failure (logarithmic)");
}

static void draw_lease(const struct picture *picture, int top, int bottom)
{
    double lease = (double)picture->config->lease_ms;
    if (lease < picture->low_ms || lease > picture->high_ms)
        return;
    fprintf(picture->out,
            "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"lease\"/>\n",
            place(picture, lease), top, place(picture, lease), bottom);
    put(picture, (int)place(picture, lease), top - 6, "leaseword middle", "lease");
}

/* ---- rows ---- */

static const char *class_of(enum blow_kind kind)
{
    if (!blow_moves(kind))
        return "stays";
    return kind == BLOW_SWITCHOVER || kind == BLOW_UNFIT ? "planned" : "failure";
}

static void draw_bars(const struct picture *picture, enum blow_kind kind)
{
    const struct spread *spread = shown(picture, kind);
    uint32_t bins[BINS + 1] = {0}, most = 1;
    for (uint32_t i = 0; i < spread->count; i++)
        if (spread->ms[i] > 0)
            bins[(int)(place(picture, spread->ms[i]) - PLOT_LEFT) / BIN]++;
    for (int i = 0; i <= BINS; i++)
        most = bins[i] > most ? bins[i] : most;
    for (int i = 0; i <= BINS; i++) {
        double height = BAR_MAX * (double)bins[i] / most;
        if (bins[i] == 0)
            continue;
        height = height < 1.5 ? 1.5 : height; /* a single one must be seen */
        fprintf(picture->out,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"/>\n",
                PLOT_LEFT + i * BIN + 0.3, picture->y - height, BIN - 0.6, height, class_of(kind));
    }
}

static void draw_marks(const struct picture *picture, const struct spread *spread)
{
    span_ms median = spread_at(spread, 500), p99 = spread_at(spread, 990);
    if (median > 0) {
        double x = place(picture, (double)median);
        fprintf(picture->out,
                "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"median\"/>"
                "<circle cx=\"%.1f\" cy=\"%d\" r=\"3\" class=\"dot\"/>\n",
                x, picture->y, x, picture->y - BAR_MAX - 4, x, picture->y - BAR_MAX - 4);
    }
    if (p99 > 0) {
        double x = place(picture, (double)p99);
        fprintf(picture->out,
                "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"p99\"/>\n", x,
                picture->y, x, picture->y - BAR_MAX - 4);
    }
}

static void draw_row(const struct picture *picture, enum blow_kind kind)
{
    const struct spread *spread = shown(picture, kind);
    const struct blow_sums *sums = &picture->forecast->blows.kinds[kind];
    char text[80];
    put(picture, MARGIN, picture->y - 16, "row", blow_what(kind));
    if (blow_moves(kind))
        snprintf(text, sizeof text, "%u times", spread_size(spread));
    else
        snprintf(text, sizeof text, "moved %u of %u", sums->moved, sums->blows);
    put(picture, MARGIN, picture->y, "soft", text);
    fprintf(picture->out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"base\"/>\n",
            PLOT_LEFT, picture->y, PLOT_LEFT + PLOT_WIDTH, picture->y);
    draw_bars(picture, kind);
    draw_marks(picture, spread);
    if (spread->count > 0 && spread_at(spread, 1000) == 0)
        put(picture, PLOT_LEFT + 8, picture->y - 6, "soft", "nobody notices");
    if (spread->never > 0) {
        snprintf(text, sizeof text, "%u never", spread->never);
        put(picture, PLOT_LEFT + PLOT_WIDTH - 60, picture->y - 6, "bad", text);
    }
    static const uint32_t permilles[] = {500, 990, 1000};
    for (int i = 0; i < 3; i++) {
        char length[LENGTH_SIZE];
        span_ms at = spread_at(spread, permilles[i]);
        put(picture, PLOT_LEFT + PLOT_WIDTH + 70 + i * 64, picture->y - 6, "number",
            at == 0 ? "0" : answer_text_length(at, length));
    }
}

static void draw_heads(const struct picture *picture, int y, const char *title)
{
    static const char *const heads[] = {"median", "p99", "max"};
    put(picture, MARGIN, y, "group", title);
    for (int i = 0; i < 3; i++)
        put(picture, PLOT_LEFT + PLOT_WIDTH + 70 + i * 64, y, "soft number", heads[i]);
}

/* Returns the y of the end. */
static int draw_rows(struct picture *picture, int y, bool moves)
{
    for (enum blow_kind kind = 0; kind < BLOW_COUNT; kind++) {
        if (blow_moves(kind) != moves)
            continue;
        y += ROW;
        picture->y = y;
        draw_row(picture, kind);
    }
    return y;
}

/* ---- head ---- */

static void draw_box(const struct picture *picture, int number, const char *const text[3])
{
    int x = MARGIN + number * (BOX_WIDTH + 12);
    fprintf(picture->out,
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\" class=\"box\"/>\n", x,
            BOX_TOP, BOX_WIDTH, BOX_HEIGHT);
    put(picture, x + 14, BOX_TOP + 22, "soft", text[0]);
    put(picture, x + 14, BOX_TOP + 50, "big", text[1]);
    put(picture, x + 14, BOX_TOP + 70, "soft", text[2]);
}

static void draw_rate_box(const struct picture *picture, int number, const char *what,
                          const struct calm_rate *rate)
{
    char value[40], note[60];
    answer_text_rate(rate, value, sizeof value);
    answer_text_most(rate, note, sizeof note);
    draw_box(picture, number, (const char *const[]){what, value, note});
}

static void draw_boxes(const struct picture *picture)
{
    const struct forecast *forecast = picture->forecast;
    struct calm_rate moves = calm_rate(&forecast->calm, &forecast->calm.moves);
    struct calm_rate away =
        calm_rate(&forecast->witness_away, &forecast->witness_away.lapses);
    size_t shortest = forecast_shortest(forecast);
    char value[40], note[80], length[LENGTH_SIZE], lease[CONFIG_VALUE_SPAN_SIZE];
    draw_rate_box(picture, 0, "unwanted moves", &moves);
    answer_text_without(&forecast->calm, value, sizeof value);
    span_ms longest = forecast->calm.longest_ms;
    snprintf(note, sizeof note, "longest %s", answer_text_length(longest, length));
    if (longest == 0)
        snprintf(note, sizeof note, "never seen");
    draw_box(picture, 1, (const char *const[]){"nobody holds, without failure", value, note});
    draw_rate_box(picture, 2, "leases lost, witness away", &away);
    snprintf(note, sizeof note, "no lease is safe here");
    config_value_span_text(forecast->shortest.lease_ms, lease);
    if (forecast->shortest.tried)
        snprintf(note, sizeof note, "shortest safe lease %s", lease);
    draw_box(picture, 3, (const char *const[]){"shortest safe profile",
                                               shortest < FORECAST_PROFILES
                                                   ? forecast->profiles[shortest].name
                                                   : "none",
                                               note});
}

static void draw_head(const struct picture *picture)
{
    const struct question *question = picture->question;
    const struct config *config = picture->config;
    char text[240], a[CONFIG_VALUE_SPAN_SIZE], b[CONFIG_VALUE_SPAN_SIZE];
    snprintf(text, sizeof text, "What to expect of %.120s", config->cluster);
    put(picture, MARGIN, 48, "title", text);
    config_value_span_text(config->interval_ms, a);
    config_value_span_text(config->lease_ms, b);
    snprintf(text, sizeof text, "profile %s: interval %s, lease %s", config->profile, a, b);
    put(picture, MARGIN, 74, "row", text);
    config_value_span_text(question->rtt_ms, a);
    config_value_span_text(question->stalls.p99_ms, b);
    snprintf(text, sizeof text, "loss %.1f %%, round trip %s, %s%s", question->loss_ppt / 10.0, a,
             question->stalls.p99_ms > 0 ? "stalls up to (p99) " : "no stalls",
             question->stalls.p99_ms > 0 ? b : "");
    put(picture, MARGIN, 94, "soft", text);
}

static void draw_foot(const struct picture *picture, int y)
{
    const struct calm_sums *calm = &picture->forecast->calm;
    char text[240];
    snprintf(text, sizeof text,
             "Bars: how often, each row to its own scale. Dot: median; dashes: p99. "
             "* from the return of the witness on.");
    put(picture, MARGIN, y, "soft", text);
    snprintf(text, sizeof text,
             "Simulated with the daemons' code: %u failures of each kind; without failure %.2g "
             "years, and %llu close calls and stalls. Seed %llu.",
             picture->forecast->blows.kinds[0].blows, calm->seconds / YEAR_S,
             (unsigned long long)calm->runs + (unsigned long long)calm->stalls,
             (unsigned long long)picture->question->seed);
    put(picture, MARGIN, y + 18, "soft", text);
}

static void draw(struct picture *picture)
{
    int moving = 0;
    for (enum blow_kind kind = 0; kind < BLOW_COUNT; kind++)
        moving += blow_moves(kind);
    int middle = PLOT_TOP + moving * ROW, bottom = middle + SECTION + (BLOW_COUNT - moving) * ROW;
    int height = bottom + 102;
    fprintf(picture->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>What to expect of ",
            WIDTH, height, WIDTH, height);
    put_text(picture->out, picture->config->cluster);
    fprintf(picture->out, "</title>\n%s<rect width=\"%d\" height=\"%d\" class=\"page\"/>\n", style,
            WIDTH, height);
    draw_head(picture);
    draw_boxes(picture);
    draw_axis(picture, PLOT_TOP, bottom);
    draw_lease(picture, PLOT_TOP, bottom);
    draw_heads(picture, PLOT_TOP - 14,
               picture->forecast->setup.has_record ? "until the record names the other node, when"
                                                   : "until the other node holds, when");
    draw_rows(picture, PLOT_TOP, true);
    draw_heads(picture, middle + SECTION - 8, "nothing is to move; nobody holds for");
    draw_rows(picture, middle + SECTION, false);
    draw_foot(picture, bottom + 66);
    fprintf(picture->out, "</svg>\n");
}

int answer_svg_write(const char *path, const struct question *question,
                     const struct config *config, const struct forecast *forecast,
                     struct err *err)
{
    struct picture picture = {.out = fopen(path, "w"),
                              .question = question,
                              .config = config,
                              .forecast = forecast};
    if (picture.out == NULL)
        return err_set(err, ERR_SYSTEM, "--svg: %s: %s", path, strerror(errno));
    find_axis(&picture);
    draw(&picture);
    bool fine = fflush(picture.out) == 0 && !ferror(picture.out);
    if (fclose(picture.out) != 0 || !fine)
        return err_set(err, ERR_SYSTEM, "--svg: %s: cannot be written: %s", path, strerror(errno));
    return 0;
}
