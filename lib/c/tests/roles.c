/* What each role of ulp_radio.h keeps in RAM, as arrays of that size: sizes.py reads them out of the object file, for
 * whichever processor it is. */
#define ULP_RADIO_IMPLEMENTATION
#include "ulp_radio.h"

/* A sensor: its state, a line that is being cut, the line, and a packet that is heard or sent. */
typedef struct {
    ulp_sensor sensor;
    ulp_parts parts;
    char line[160];
    uint8_t packet[255];
} sensor_role;

/* A ferry, beside a broker: what it puts together and where it keeps it, but for the memory that it is given. */
typedef struct {
    ulp_assembly assembly;
    ulp_ring ring;
} ferry_role;

extern const uint8_t ram_of_sensor[sizeof(sensor_role)];
const uint8_t ram_of_sensor[sizeof(sensor_role)] = {0};
extern const uint8_t ram_of_broker[sizeof(ulp_node)];
const uint8_t ram_of_broker[sizeof(ulp_node)] = {0};
extern const uint8_t ram_of_ferry[sizeof(ferry_role)];
const uint8_t ram_of_ferry[sizeof(ferry_role)] = {0};
