/* holdfast-witness — the third voter: never holds, and links nothing that a node needs. */
#include "../agent/peer/station.h"

int main(int argc, char **argv)
{
    struct station_program program = {
        .name = "holdfast-witness",
        .first_line = "holdfast-witness - the third voter of the pair",
        .witness = true,
    };
    return station_run(&program, argc, argv);
}
