using OciImage.Registry.Stores;

namespace OciImage.Registry;

/// <summary>
/// The credentials of one file: Docker's <c>config.json</c> or containers' <c>auth.json</c>, and of the credential helpers it names.
/// </summary>
/// <remarks>
/// The file is read at each question. <c>credHelpers</c> of the registry comes first and alone, then <c>credsStore</c>, then the
/// entries of <c>auths</c>, the closest to the repository first. A change keeps everything else in the file and replaces it as a whole
/// with mode 0600; changes wait for each other by a lock on a file beside it, <c>PATH.lock</c>. A link to the file stays a link.
/// Safe for use by many threads.
/// </remarks>
public sealed class CredentialFile : IRegistryCredentialProvider
{
    private readonly CredentialHelperOptions _helpers;

    /// <summary>Initializes a new instance for a file, which need not exist.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="helpers">How helpers are run, which is copied, or <see langword="null"/> for the defaults.</param>
    public CredentialFile(string path, CredentialHelperOptions? helpers = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = System.IO.Path.GetFullPath(path);
        _helpers = helpers?.Copy() ?? new CredentialHelperOptions();
    }

    /// <summary>Gets the absolute path of the file.</summary>
    public string Path { get; }

    // The format of ~/.dockercfg: the entries at the top, and no helpers. It is only read.
    internal bool IsLegacy { get; init; }

    /// <inheritdoc/>
    /// <exception cref="DocumentFormatException">The file is malformed.</exception>
    /// <exception cref="CredentialHelperException">The helper that the file names is missing or fails.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public async ValueTask<RegistryCredential?> GetCredentialAsync(
        string registry, string repository, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(registry);
        ArgumentNullException.ThrowIfNull(repository);

        return (await LookUpAsync(CredentialScope.Of(registry, repository), cancellationToken).ConfigureAwait(false)).Credential;
    }

    /// <summary>Keeps a credential: with the helper that the file names for the registry, else in the file.</summary>
    /// <param name="scope">The registry as a user writes it, or a repository or namespace of it as <c>host/namespace</c>.</param>
    /// <param name="credential">The credential; in the file it stands readable for its owner.</param>
    /// <param name="cancellationToken">Cancels the change; the file is then as it was.</param>
    /// <returns>The name of the helper that has the credential now, or <see langword="null"/> where the file itself has it.</returns>
    /// <exception cref="ArgumentException">The credential is empty, is none that a helper keeps, or its user holds a colon.</exception>
    /// <exception cref="DocumentFormatException">The file is malformed, and is left as it is.</exception>
    /// <exception cref="CredentialHelperException">The helper is missing or fails; the file is left as it is.</exception>
    /// <exception cref="NotSupportedException">
    /// The scope is no whole registry and the file leaves the registry to a helper, or the file is of the legacy format.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written, or another process keeps its lock.</exception>
    public async ValueTask<string?> StoreAsync(
        string scope, RegistryCredential credential, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(scope);
        ArgumentNullException.ThrowIfNull(credential);
        if (credential.IsEmpty)
        {
            throw new ArgumentException("There is nothing to keep.", nameof(credential));
        }

        RefuseLegacy();
        CredentialScope what = CredentialScope.OfKey(scope);
        ConfigDocument? before = await CredentialFileStore.ReadAsync(Path, IsLegacy, cancellationToken).ConfigureAwait(false);
        string? helper = before?.FindHelper(what)?.Name;
        if (helper is not null)
        {
            RefuseNamespace(what, helper);
            await Open(helper).StoreAsync(what.ServerUrls[0], credential, cancellationToken).ConfigureAwait(false);
        }
        else if (credential.Username?.Contains(':', StringComparison.Ordinal) == true)
        {
            throw new ArgumentException("A name with a colon cannot be told from its password in this file.", nameof(credential));
        }

        // Docker leaves an empty entry where a helper has the credential.
        await ChangeAsync(
            document =>
            {
                document.Set(what, helper is null ? credential : null);
                return true;
            },
            cancellationToken).ConfigureAwait(false);

        return helper;
    }

    /// <summary>Forgets the credential of a registry, or of a repository or namespace of it: with the helper, and in the file.</summary>
    /// <param name="scope">The registry, or <c>host/namespace</c>; credentials of other scopes stay.</param>
    /// <param name="cancellationToken">Cancels the change; the file is then as it was.</param>
    /// <returns>Whether there was one; what a helper does not say counts as yes.</returns>
    /// <exception cref="DocumentFormatException">The file is malformed, and is left as it is.</exception>
    /// <exception cref="CredentialHelperException">The helper is missing or fails; the file is left as it is.</exception>
    /// <exception cref="NotSupportedException">The file is of the legacy format.</exception>
    /// <exception cref="IOException">The file cannot be written, or another process keeps its lock.</exception>
    public async ValueTask<bool> EraseAsync(string scope, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(scope);
        RefuseLegacy();
        CredentialScope what = CredentialScope.OfKey(scope);
        ConfigDocument? before = await CredentialFileStore.ReadAsync(Path, IsLegacy, cancellationToken).ConfigureAwait(false);
        if (before is null)
        {
            return false;
        }

        bool erased = false;
        if (what.IsRegistry && before.FindHelper(what) is { Name: var helper })
        {
            foreach (string server in what.ServerUrls)
            {
                erased |= await Open(helper).EraseAsync(server, cancellationToken).ConfigureAwait(false);
            }
        }

        bool hasEntry = before.Remove(what);
        if (hasEntry)
        {
            await ChangeAsync(document => document.Remove(what), cancellationToken).ConfigureAwait(false);
        }

        return erased || hasEntry;
    }

    internal async ValueTask<CredentialAnswer> LookUpAsync(CredentialScope scope, CancellationToken cancellationToken)
    {
        ConfigDocument? document = await CredentialFileStore.ReadAsync(Path, IsLegacy, cancellationToken).ConfigureAwait(false);
        if (document is null)
        {
            return default;
        }

        ConfigHelper? helper = document.FindHelper(scope);
        if (helper is { Name: var name })
        {
            foreach (string server in scope.ServerUrls)
            {
                if (await Open(name).GetAsync(server, cancellationToken).ConfigureAwait(false) is { } kept)
                {
                    return new CredentialAnswer(kept with { Source = $"helper '{name}' named by '{Path}'" }, null);
                }
            }

            if (helper.Value.IsOfRegistry)
            {
                return new CredentialAnswer(null, $"the helper '{name}' named by '{Path}'");
            }
        }

        return new CredentialAnswer(
            document.FindCredential(scope), helper is null ? $"'{Path}'" : $"'{Path}' and its helper '{helper.Value.Name}'");
    }

    private CredentialHelper Open(string name) => new(name, _helpers) { NamedBy = Path };

    private async ValueTask ChangeAsync(Func<ConfigDocument, bool> change, CancellationToken cancellationToken)
    {
        string target = CredentialFileStore.Prepare(Path);
        using (await CredentialFileLock.AcquireAsync(target, cancellationToken).ConfigureAwait(false))
        {
            ConfigDocument document =
                await CredentialFileStore.ReadAsync(target, IsLegacy, cancellationToken).ConfigureAwait(false) ??
                ConfigDocument.Empty(target);
            if (change(document))
            {
                CredentialFileStore.Write(target, document);
            }
        }
    }

    private void RefuseNamespace(CredentialScope scope, string helper)
    {
        if (!scope.IsRegistry)
        {
            throw new NotSupportedException(
                $"'{Path}' leaves '{scope.Host}' to the credential helper '{helper}', which keeps credentials of whole registries " +
                $"only; store one for '{scope.Host}', or use another file for '{scope}'.");
        }
    }

    private void RefuseLegacy()
    {
        if (IsLegacy)
        {
            throw new NotSupportedException($"'{Path}' has the legacy format, which is only read.");
        }
    }
}
