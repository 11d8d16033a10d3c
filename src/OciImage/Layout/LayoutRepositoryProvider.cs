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
    /// <param name="name">
    /// The repository's name where the directory is a layout itself, or <see langword="null"/> for the directory's own name in
    /// lower case, and <c>image</c> where that is no name of a repository.
    /// </param>
    /// <exception cref="ArgumentException">The name is not one of a repository (distribution-spec 1.1.1, "Pulling manifests").</exception>
    public LayoutRepositoryProvider(string directory, OciLayoutOptions? options = null, string? name = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        if (name is not null)
        {
            RepositoryName.Check(name);
        }

        _root = Path.GetFullPath(directory);
        _options = options?.Clone() ?? new OciLayoutOptions();
        if (File.Exists(Path.Combine(_root, "oci-layout")))
        {
            string own = Path.GetFileName(Path.TrimEndingDirectorySeparator(_root)).ToLowerInvariant();
            _onlyName = name ?? (ReferenceGrammar.IsRepository(own) ? own : "image");
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

        string directory = _onlyName is null ? FindDirectory(name) : _root;
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

    // A link would let one repository show up under several names, or lead out of the directory.
    private string FindDirectory(string name)
    {
        string directory = _root;
        foreach (string component in (string[])[.. name.Split('/'), LayoutDirectory])
        {
            directory = Path.Combine(directory, component);
            if (new DirectoryInfo(directory).LinkTarget is not null)
            {
                throw new IOException($"'{directory}' is a link, expected a directory.");
            }
        }

        return directory;
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
