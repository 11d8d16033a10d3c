using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace OciImage.Content;

/// <summary>Holds repositories in memory. All members may be used by many threads at once.</summary>
public sealed class MemoryRepositoryProvider : IRepositoryProvider
{
    private readonly ConcurrentDictionary<string, MemoryStore> _stores = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;

    /// <summary>Initializes a new instance without repositories.</summary>
    /// <param name="timeProvider">The clock of ingests; the system's by default.</param>
    public MemoryRepositoryProvider(TimeProvider? timeProvider = null)
    {
        _time = timeProvider ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public ValueTask<IImageStore?> GetAsync(string name, bool create, CancellationToken cancellationToken = default)
    {
        RepositoryName.Check(name);
        return create
            ? new(_stores.GetOrAdd(name, static (_, time) => new MemoryStore(time), _time))
            : new(_stores.GetValueOrDefault(name));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (string name in _stores.Keys.Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return name;
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }
}
