/* The sandbox: arguments, construction, loop, teardown. */
#include <stdio.h>

int main(void)
{
	puts("prism-sandbox " PRISM_VERSION);
	return 0;
}
