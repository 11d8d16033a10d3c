using System.ComponentModel;
using System.Diagnostics;

namespace OciImage.Registry.Stores;

/// <summary>One run of a helper, bounded in time and output.</summary>
internal static class HelperProcess
{
    private const int MaxOutput = 64 * 1024;
    private const int MaxError = 16 * 1024;

    // A program that somebody has open for writing, as while it is installed, cannot be started for that moment.
    private const int TextFileBusy = 26;
    private const int MaxStarts = 50;

    private static readonly TimeSpan StartInterval = TimeSpan.FromMilliseconds(10);

    // What a helper leaves running, such as an agent, may keep its output open; what the helper said is there by then.
    private static readonly TimeSpan OutputGrace = TimeSpan.FromSeconds(2);

    public static async ValueTask<HelperResult> RunAsync(
        CredentialHelper helper, string action, byte[] input, CredentialHelperOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using Process process = await StartAsync(helper, action, options, cancellationToken).ConfigureAwait(false);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Timeout);
        var output = new BoundedOutput(process.StandardOutput.BaseStream, MaxOutput, limit);
        var error = new BoundedOutput(process.StandardError.BaseStream, MaxError, limit);
        try
        {
            Task reading = Task.WhenAll(output.ReadAsync(), error.ReadAsync());
            _ = WriteAsync(process.StandardInput.BaseStream, input);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            await Task.WhenAny(reading, Task.Delay(OutputGrace, limit.Token)).ConfigureAwait(false);
            if (output.IsExceeded || error.IsExceeded)
            {
                throw TooMuch(helper, action);
            }

            limit.Token.ThrowIfCancellationRequested();

            return new HelperResult(process.ExitCode, output.ToArray(), error.ToArray());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw output.IsExceeded || error.IsExceeded
                ? TooMuch(helper, action)
                : helper.Fault(
                    CredentialHelperErrorKind.TimedOut,
                    $"did not end within {options.Timeout.TotalSeconds:0.###} s when asked to '{action}'; it was ended.");
        }
        catch (OperationCanceledException)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            await EndAsync(process).ConfigureAwait(false);
        }
    }

    private static CredentialHelperException TooMuch(CredentialHelper helper, string action) => helper.Fault(
        CredentialHelperErrorKind.TooMuchOutput,
        $"wrote more than {MaxOutput / 1024} KiB, or than {MaxError / 1024} KiB of errors, when asked to '{action}'; it was ended.");

    private static async ValueTask<Process> StartAsync(
        CredentialHelper helper, string action, CredentialHelperOptions options, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(action);
        foreach ((string name, string? value) in options.Environment)
        {
            start.Environment[name] = value;
        }

        start.FileName = HelperProgram.Find(helper.Name, start.Environment.TryGetValue("PATH", out string? path) ? path : null) ??
            throw helper.Fault(
                CredentialHelperErrorKind.NotInstalled,
                $"is not installed: PATH has no program '{HelperProgram.FileName(helper.Name)}'.");
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return Process.Start(start)!;
            }
            catch (Win32Exception exception)
                when (exception.NativeErrorCode == TextFileBusy && !OperatingSystem.IsWindows() && attempt < MaxStarts)
            {
                await Task.Delay(StartInterval, cancellationToken).ConfigureAwait(false);
            }
            catch (Win32Exception exception)
            {
                throw helper.Fault(CredentialHelperErrorKind.NotInstalled, $"cannot be started from '{start.FileName}'.", exception);
            }
        }
    }

    private static async Task WriteAsync(Stream stream, byte[] input)
    {
        try
        {
            await using (stream.ConfigureAwait(false))
            {
                await stream.WriteAsync(input, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // A helper need not read what it is given; its answer counts.
        }
    }

    private static async ValueTask EndAsync(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                using var limit = new CancellationTokenSource(OutputGrace);
                await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (
            exception is InvalidOperationException or Win32Exception or AggregateException or OperationCanceledException)
        {
            // It ended meanwhile, or the system does not let it end: there is no more to do.
        }
    }

    /// <summary>Reads a stream to its end or to a limit, at which the run is cancelled.</summary>
    private sealed class BoundedOutput(Stream stream, int limit, CancellationTokenSource run)
    {
        private readonly Lock _lock = new();
        private readonly byte[] _bytes = new byte[limit + 1];
        private int _length;

        public bool IsExceeded
        {
            get
            {
                lock (_lock)
                {
                    return _length > limit;
                }
            }
        }

        public async Task ReadAsync()
        {
            try
            {
                while (!IsExceeded)
                {
                    int read = await stream.ReadAsync(_bytes.AsMemory(_length), CancellationToken.None).ConfigureAwait(false);
                    if (read == 0)
                    {
                        return;
                    }

                    lock (_lock)
                    {
                        _length += read;
                    }
                }

                await run.CancelAsync().ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // The run is over, and the stream was closed under this.
            }
        }

        public byte[] ToArray()
        {
            lock (_lock)
            {
                return _bytes[.._length];
            }
        }
    }
}
