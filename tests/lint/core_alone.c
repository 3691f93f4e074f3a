/* All of core, net and base in one program without a screen: linking it is the check. */
#include "base/loop.h"

int main(void)
{
	struct prism_loop *loop = prism_loop_create(prism_clock_system());

	prism_loop_turn(loop, 0);
	prism_loop_destroy(loop);
	return 0;
}
