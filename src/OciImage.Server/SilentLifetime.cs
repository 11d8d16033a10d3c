using Microsoft.Extensions.Hosting;

namespace OciImage.Server;

/// <summary>Leaves the signals of the process to the process: a library neither handles them nor prints a word.</summary>
internal sealed class SilentLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
