/* Hides all vector instructions beyond AVX2 from the process that this is preloaded into.
 *
 * Libraries ask the processor what it can do by the instruction CPUID. Linux can be told to let
 * that instruction fault (arch_prctl(2), ARCH_SET_CPUID; where /proc/cpuinfo has "cpuid_fault"),
 * for a process and the threads it starts. Each fault is answered with what the processor says,
 * less AVX-512, AVX-VNNI and AMX. `benchmarks/avx2.py` compiles and uses this.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012
#define BIT(n) (1u << (n))

/* Leaf 7, as Intel's manual numbers the bits ("CPUID", volume 2A). */
static const uint32_t AVX512_EBX = BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31);
static const uint32_t AVX512_ECX = BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14);
static const uint32_t AVX512_AMX_EDX = BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25);
static const uint32_t VNNI_BF16_EAX = BIT(4) | BIT(5) | BIT(21); /* subleaf 1 */
static const uint32_t VNNI_INT8_EDX = BIT(4) | BIT(5) | BIT(10) | BIT(19); /* subleaf 1 */

static void let_cpuid(unsigned long allowed) { syscall(SYS_arch_prctl, ARCH_SET_CPUID, allowed); }

static void answer(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *instruction = (const uint8_t *)registers[REG_RIP];
    (void)info;
    if (instruction[0] != 0x0f || instruction[1] != 0xa2) { /* not CPUID: a true fault */
        signal(number, SIG_DFL);
        return;
    }
    uint32_t leaf = registers[REG_RAX], subleaf = registers[REG_RCX], a, b, c, d;
    let_cpuid(1);
    __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(leaf), "c"(subleaf));
    let_cpuid(0);
    if (leaf == 7 && subleaf == 0) {
        b &= ~AVX512_EBX;
        c &= ~AVX512_ECX;
        d &= ~AVX512_AMX_EDX;
    } else if (leaf == 7 && subleaf == 1) {
        a &= ~VNNI_BF16_EAX;
        d &= ~VNNI_INT8_EDX;
    }
    registers[REG_RAX] = a;
    registers[REG_RBX] = b;
    registers[REG_RCX] = c;
    registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void begin(void) {
    struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGSEGV, &action, NULL) || syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0UL)) {
        perror("instructions can't be hidden here");
        _exit(EXIT_FAILURE);
    }
}
