/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver's functions, as pcscd looks for them (ifdhandler.h): vpcd's, and a keypad. */
#include "pad.h"

#include <dlfcn.h>
#include <ifdhandler.h>
#include <reader.h>
#include <stdlib.h>
#include <string.h>

#define VPCD "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"

static struct {
    RESPONSECODE (*create_by_name)(DWORD lun, LPSTR name);
    RESPONSECODE (*create)(DWORD lun, DWORD channel);
    RESPONSECODE (*close)(DWORD lun);
    RESPONSECODE (*get)(DWORD lun, DWORD tag, PDWORD length, PUCHAR value);
    RESPONSECODE (*set)(DWORD lun, DWORD tag, DWORD length, PUCHAR value);
    RESPONSECODE(*protocol)
    (DWORD lun, DWORD protocol, UCHAR flags, UCHAR pts1, UCHAR pts2, UCHAR pts3);
    RESPONSECODE (*power)(DWORD lun, DWORD action, PUCHAR atr, PDWORD atr_length);
    RESPONSECODE(*transmit)
    (DWORD lun, SCARD_IO_HEADER send, PUCHAR in, DWORD in_length, PUCHAR out, PDWORD out_length,
     PSCARD_IO_HEADER receive);
    RESPONSECODE (*presence)(DWORD lun);
} vpcd;

/* ISO C has no word for a function's address from a void pointer. */
static bool find(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);

    memcpy(function, &address, sizeof(address));
    return address != NULL;
}

/* What vpcd leaves open stays open: pcscd loads a driver once. */
static bool load(void)
{
    void *library = vpcd.create != NULL ? NULL : dlopen(VPCD, RTLD_NOW | RTLD_LOCAL);

    return vpcd.create != NULL ||
           (library != NULL && find(library, "IFDHCreateChannelByName", &vpcd.create_by_name) &&
            find(library, "IFDHCloseChannel", &vpcd.close) &&
            find(library, "IFDHGetCapabilities", &vpcd.get) &&
            find(library, "IFDHSetCapabilities", &vpcd.set) &&
            find(library, "IFDHSetProtocolParameters", &vpcd.protocol) &&
            find(library, "IFDHPowerICC", &vpcd.power) &&
            find(library, "IFDHTransmitToICC", &vpcd.transmit) &&
            find(library, "IFDHICCPresence", &vpcd.presence) &&
            find(library, "IFDHCreateChannel", &vpcd.create));
}

RESPONSECODE IFDHCreateChannelByName(DWORD Lun, LPSTR DeviceName)
{
    return load() ? vpcd.create_by_name(Lun, DeviceName) : IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHCreateChannel(DWORD Lun, DWORD Channel)
{
    return load() ? vpcd.create(Lun, Channel) : IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHCloseChannel(DWORD Lun)
{
    return vpcd.close(Lun);
}

RESPONSECODE IFDHGetCapabilities(DWORD Lun, DWORD Tag, PDWORD Length, PUCHAR Value)
{
    return vpcd.get(Lun, Tag, Length, Value);
}

RESPONSECODE IFDHSetCapabilities(DWORD Lun, DWORD Tag, DWORD Length, PUCHAR Value)
{
    return vpcd.set(Lun, Tag, Length, Value);
}

RESPONSECODE IFDHSetProtocolParameters(DWORD Lun, DWORD Protocol, UCHAR Flags, UCHAR PTS1,
                                       UCHAR PTS2, UCHAR PTS3)
{
    return vpcd.protocol(Lun, Protocol, Flags, PTS1, PTS2, PTS3);
}

RESPONSECODE IFDHPowerICC(DWORD Lun, DWORD Action, PUCHAR Atr, PDWORD AtrLength)
{
    return vpcd.power(Lun, Action, Atr, AtrLength);
}

RESPONSECODE IFDHTransmitToICC(DWORD Lun, SCARD_IO_HEADER SendPci, PUCHAR TxBuffer, DWORD TxLength,
                               PUCHAR RxBuffer, PDWORD RxLength, PSCARD_IO_HEADER RecvPci)
{
    return vpcd.transmit(Lun, SendPci, TxBuffer, TxLength, RxBuffer, RxLength, RecvPci);
}

RESPONSECODE IFDHICCPresence(DWORD Lun)
{
    return vpcd.presence(Lun);
}

/* ---- the keypad -------------------------------------------------------------------------- */

/* A feature's tag, and the control code in big-endian order: PC/SC part 10, 2.2. */
#define FEATURE(tag, code)                                                                         \
    tag, 4, (code) >> 24, (code) >> 16 & 0xFF, (code) >> 8 & 0xFF, (code)&0xFF

static const uint8_t features[] = {
    FEATURE(FEATURE_VERIFY_PIN_DIRECT, PAD_VERIFY),
    FEATURE(FEATURE_MODIFY_PIN_DIRECT, PAD_MODIFY),
    FEATURE(FEATURE_GET_TLV_PROPERTIES, PAD_PROPERTIES),
};

static const uint8_t properties[] = {
    PCSCv2_PART10_PROPERTY_wLcdLayout,
    2,
    16,
    2,
    PCSCv2_PART10_PROPERTY_bMinPINSize,
    1,
    PAD_PIN_MIN,
    PCSCv2_PART10_PROPERTY_bMaxPINSize,
    1,
    PAD_PIN_MAX,
};

static RESPONSECODE answer(const char *name, const uint8_t *usual, size_t length, PUCHAR out,
                           DWORD room, LPDWORD returned)
{
    uint8_t other[256];
    size_t other_length;

    if (person_file(name, other, sizeof(other), &other_length)) {
        usual = other;
        length = other_length;
    }
    if (length > room)
        return IFD_ERROR_INSUFFICIENT_BUFFER;
    memcpy(out, usual, length);
    *returned = length;
    return IFD_SUCCESS;
}

static uint16_t send_command(DWORD lun, struct pad_order *order)
{
    SCARD_IO_HEADER send = {1, 0};
    SCARD_IO_HEADER receive = {0};
    UCHAR response[258];
    DWORD length = sizeof(response);

    if (vpcd.transmit(lun, send, order->command, order->length, response, &length, &receive) !=
            IFD_SUCCESS ||
        length < 2)
        return 0;
    return (uint16_t)(response[length - 2] << 8 | response[length - 1]);
}

static RESPONSECODE enter(DWORD lun, bool modify, const uint8_t *told, size_t length, PUCHAR out,
                          DWORD room, LPDWORD returned)
{
    struct pad_order order;
    uint16_t status = pad_read_order(modify, told, length, &order);

    if (status == 0)
        status = pad_fill_in(&order);
    if (status == 0)
        status = send_command(lun, &order);
    person_sees(&order, status);
    if (status == 0 || room < 2)
        return IFD_COMMUNICATION_ERROR;
    out[0] = (UCHAR)(status >> 8);
    out[1] = (UCHAR)status;
    *returned = 2;
    return IFD_SUCCESS;
}

RESPONSECODE IFDHControl(DWORD Lun, DWORD dwControlCode, PUCHAR TxBuffer, DWORD TxLength,
                         PUCHAR RxBuffer, DWORD RxLength, LPDWORD pdwBytesReturned)
{
    *pdwBytesReturned = 0;
    switch (dwControlCode) {
    case CM_IOCTL_GET_FEATURE_REQUEST:
        return answer("features", features, sizeof(features), RxBuffer, RxLength, pdwBytesReturned);
    case PAD_PROPERTIES:
        return answer("properties", properties, sizeof(properties), RxBuffer, RxLength,
                      pdwBytesReturned);
    case PAD_VERIFY:
    case PAD_MODIFY:
        return enter(Lun, dwControlCode == PAD_MODIFY, TxBuffer, TxLength, RxBuffer, RxLength,
                     pdwBytesReturned);
    default:
        return IFD_NOT_SUPPORTED;
    }
}
