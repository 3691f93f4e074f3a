/* The client: arguments, construction, loop, teardown. */
#include <stdio.h>

int main(void)
{
	puts("prism-tui " PRISM_VERSION);
	return 0;
}
