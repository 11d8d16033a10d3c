using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Holds repositories in a directory: <c>DIR/NAME/_oci</c> is a plain OCI layout that other tools read.</summary>
/// <remarks>
/// A directory that is a layout itself is served as one repository of the directory's name. All members may be used by many
/// threads at once.
/// </remarks>
public sealed class LayoutRepositoryProvider : IRepositoryProvider
{
    // No component of a repository's name starts with '_', so this never is one.
    private const string LayoutDirectory = "_oci";

    private readonly ConcurrentDictionary<string, OciLayout> _layouts = new(StringComparer.Ordinal);
    private readonly string _root;
    private readonly OciLayoutOptions _options;
    private readonly string? _onlyName;

    /// <summary>Initializes a new instance over a directory, which is made when the first repository is.</summary>
    /// <param name="directory">The path of the directory.</param>
    /// <param name="options">The options of the layouts, or <see langword="null"/> for the defaults.</param>
    public LayoutRepositoryProvider(string directory, OciLayoutOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        _root = Path.GetFullPath(directory);
        _options = options?.Clone() ?? new OciLayoutOptions();
        if (File.Exists(Path.Combine(_root, "oci-layout")))
        {
            string name = Path.GetFileName(_root).ToLowerInvariant();
            _onlyName = ReferenceGrammar.IsRepository(name) ? name : "image";
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IImageStore?> GetAsync(
        string name, bool create, CancellationToken cancellationToken = default)
    {
        RepositoryName.Check(name);
        if (_layouts.TryGetValue(name, out OciLayout? known))
        {
            return known;
        }

        string directory = _onlyName is null ? Path.Combine([_root, .. name.Split('/'), LayoutDirectory]) : _root;
        bool exists = _onlyName is null ? File.Exists(Path.Combine(directory, "oci-layout")) : name == _onlyName;
        if (!exists && (!create || _onlyName is not null))
        {
            return null;
        }

        OciLayout layout = await OciLayout.OpenOrCreateAsync(directory, _options, cancellationToken).ConfigureAwait(false);
        return _layouts.GetOrAdd(name, layout);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        string[] names = _onlyName is not null
            ? [_onlyName]
            : Directory.Exists(_root) ? [.. Find(_root, "").Order(StringComparer.Ordinal)] : [];
        foreach (string name in names)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return name;
        }
    }

    private static IEnumerable<string> Find(string directory, string name)
    {
        if (name.Length > 0 && File.Exists(Path.Combine(directory, LayoutDirectory, "oci-layout")))
        {
            yield return name;
        }

        foreach (string child in Directory.EnumerateDirectories(directory))
        {
            string component = Path.GetFileName(child);
            string path = name.Length == 0 ? component : $"{name}/{component}";
            if (ReferenceGrammar.IsRepository(path) && new DirectoryInfo(child).LinkTarget is null)
            {
                foreach (string found in Find(child, path))
                {
                    yield return found;
                }
            }
        }
    }
}
