/* Happy path: read the question and the configuration, simulate, print.
 *
 * Failure modes: a wrong option or configuration: exit 2 with a sentence each. Output that cannot
 * be written, memory that is short: exit 1. A run in which a promise of the product was broken:
 * exit 1, and it says which; that would be a bug of holdfast. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "answer_json.h"
#include "answer_svg.h"
#include "answer_text.h"

#define EXIT_ANSWERED 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2

static int fail(int code, const struct err *err)
{
    fprintf(stderr, "holdfast-plan: %s\n", err->text);
    return code;
}

static int read_config(const struct question *question, struct config *config)
{
    struct complaints *complaints = calloc(1, sizeof *complaints);
    struct err err = {0};
    if (complaints == NULL)
        return EXIT_FAILED;
    int code = config_read(question->config, config, complaints, &err);
    for (size_t i = 0; code != 0 && i < complaints->count; i++)
        if (!complaints->list[i].warning)
            fprintf(stderr, "holdfast-plan: %s\n", complaints->list[i].text);
    if (code != 0 && complaints->error_count == 0)
        fprintf(stderr, "holdfast-plan: %s\n", err.text);
    free(complaints);
    return code == 0 ? EXIT_ANSWERED : EXIT_USAGE;
}

static int answer(const struct question *question, const struct config *config,
                  struct forecast *forecast)
{
    struct crew crew;
    struct err err = {0};
    crew_init(&crew, question->jobs, !question->quiet && isatty(STDERR_FILENO));
    int code = forecast_make(question, config, &crew, forecast, &err);
    crew_end(&crew);
    if (code != 0)
        return fail(code == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED, &err);
    if (forecast->violation[0] != '\0') {
        fprintf(stderr, "holdfast-plan: a bug of holdfast, please report it: %s\n",
                forecast->violation);
        return EXIT_FAILED;
    }
    if (question->svg[0] != '\0' &&
        answer_svg_write(question->svg, question, config, forecast, &err) != 0)
        return fail(EXIT_FAILED, &err);
    if (!question->json)
        answer_text_print(stdout, question, config, forecast);
    else if (answer_json_print(stdout, question, config, forecast, &err) != 0)
        return fail(EXIT_FAILED, &err);
    return EXIT_ANSWERED;
}

static int run(const struct question *question)
{
    struct config *config = calloc(1, sizeof *config);
    struct forecast *forecast = calloc(1, sizeof *forecast);
    int code = EXIT_FAILED;
    if (config == NULL || forecast == NULL)
        fprintf(stderr, "holdfast-plan: out of memory\n");
    else
        code = read_config(question, config);
    if (code == EXIT_ANSWERED)
        code = answer(question, config, forecast);
    free(config);
    free(forecast);
    return code;
}

int main(int argc, char **argv)
{
    static struct question question;
    struct err err = {0};
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (question_parse(&question, argc, argv, processors > 0 ? (uint32_t)processors : 1, &err) != 0)
        return fail(EXIT_USAGE, &err);
    int code = EXIT_ANSWERED;
    if (question.version)
        printf("holdfast-plan %s\n", HOLDFAST_VERSION);
    else if (question.help)
        fputs(question_help(), stdout);
    else
        code = run(&question);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_ANSWERED) {
        perror("holdfast-plan: the answer could not be written");
        code = EXIT_FAILED;
    }
    return code;
}
