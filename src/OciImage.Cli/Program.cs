using System.Runtime.InteropServices;
using OciImage.Cli;
using OciImage.Cli.Terminal;

using var cancellation = new CancellationTokenSource();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);

return await OcimgApplication.RunAsync(args, new SystemTerminal(), cancellation.Token);

// The first signal asks to stop and to tidy up; the second one is not held back.
void Cancel(PosixSignalContext context)
{
    context.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
}
