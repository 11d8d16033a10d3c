namespace OciImage.Registry.Hosts;

/// <summary>Reads the files of <c>registries.conf</c> that there are, once.</summary>
/// <param name="options">Where they are.</param>
internal sealed class RegistriesReader(SystemRegistryHostsOptions options)
{
    private const int MaxDropIns = 1000;

    private RegistriesConfiguration? _configuration;

    /// <summary>Returns what the files say. A failure is not kept: the next question reads again.</summary>
    /// <exception cref="DocumentFormatException">A file is malformed, cannot be read, or is missing where it must not.</exception>
    public async ValueTask<RegistriesConfiguration> GetAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _configuration) is { } known)
        {
            return known;
        }

        try
        {
            RegistriesConfiguration read = await ReadAsync(cancellationToken).ConfigureAwait(false);
            return Interlocked.CompareExchange(ref _configuration, read, null) ?? read;
        }
        catch (DocumentFormatException exception) when (exception.MarkAsConfiguration())
        {
            throw;
        }
    }

    private async ValueTask<RegistriesConfiguration> ReadAsync(CancellationToken cancellationToken)
    {
        var files = new List<RegistriesFile>();
        foreach (string path in options.RegistriesFiles)
        {
            if (await ReadFileAsync(path, cancellationToken).ConfigureAwait(false) is { } file)
            {
                files.Add(file);
                break;
            }
        }

        foreach (string path in DropIns())
        {
            if (await ReadFileAsync(path, cancellationToken).ConfigureAwait(false) is { } file)
            {
                files.Add(file);
            }
        }

        foreach (string path in options.RequiredRegistriesFiles)
        {
            files.Add(await ReadFileAsync(path, cancellationToken).ConfigureAwait(false) ??
                throw new DocumentFormatException($"'{Excerpt.Of(path)}' does not exist, and is named as the configuration of registries."));
        }

        // What a machine recorded goes before what people wrote; nothing else is taken from there.
        if (options.ShortNameAliasFile is { } aliases &&
            await ReadFileAsync(aliases, cancellationToken).ConfigureAwait(false) is { } recorded)
        {
            files.Add(new RegistriesFile { Aliases = recorded.Aliases });
        }

        return new RegistriesConfiguration(files);
    }

    private static async ValueTask<RegistriesFile?> ReadFileAsync(string path, CancellationToken cancellationToken) =>
        await TomlDocument.ReadAsync(path, cancellationToken).ConfigureAwait(false) is { } root ? RegistriesFileParser.Read(root) : null;

    // In the order of their names, wherever they are; of two with one name the one in the later directory.
    private List<string> DropIns()
    {
        var byName = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string directory in options.RegistriesDropInDirectories)
        {
            foreach (string path in DirectoryFiles.List(directory, MaxDropIns) ?? [])
            {
                if (path.EndsWith(".conf", StringComparison.Ordinal))
                {
                    byName[Path.GetFileName(path)] = path;
                }
            }
        }

        return [.. byName.Values];
    }
}
