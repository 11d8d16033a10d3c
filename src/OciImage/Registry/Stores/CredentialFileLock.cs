namespace OciImage.Registry.Stores;

/// <summary>Lets one at a time change a file of credentials, by a lock on a file beside it that ends with the process.</summary>
internal static class CredentialFileLock
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits for the lock.</summary>
    /// <param name="path">The file to change, which need not exist; its directory must.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="IOException">The lock cannot be had, or another process keeps it for more than 30 seconds.</exception>
    public static async ValueTask<IDisposable> AcquireAsync(string path, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        long started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                // The file stays: removing it would take it from under who waits for it.
                return new FileStream($"{path}.lock", options);
            }
            catch (IOException exception) when (IsTaken(exception))
            {
                if (TimeProvider.System.GetElapsedTime(started) >= Limit)
                {
                    throw new IOException($"'{path}.lock' was kept by another process for more than {Limit.TotalSeconds} s.", exception);
                }
            }

            // The other process tells nobody when it is done, so there is nothing to wait for but time.
            await Task.Delay(Interval, cancellationToken).ConfigureAwait(false);
        }
    }

    // EWOULDBLOCK of Linux and of the BSDs; the sharing violation of Windows.
    private static bool IsTaken(IOException exception) => OperatingSystem.IsWindows()
        ? (exception.HResult & 0xFFFF) is 32 or 33
        : exception.HResult is 11 or 35;
}
