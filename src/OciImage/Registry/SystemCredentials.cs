using OciImage.Registry.Stores;

namespace OciImage.Registry;

/// <summary>The credentials of this system: those of Docker and of containers' tools, in the order in which the latter ask.</summary>
/// <remarks>
/// The first file or helper that has a credential decides. One that is malformed, missing or fails ends the question with its error:
/// going on could send what another place has for the registry instead. Where nothing has one, the answer is empty
/// (<see cref="RegistryCredential.IsEmpty"/>), and a refusal by the registry says where was looked. Files are read at each question.
/// Safe for use by many threads.
/// </remarks>
public sealed class SystemCredentials : IRegistryCredentialProvider
{
    private readonly string[] _helpers;
    private readonly CredentialHelperOptions _helperOptions;
    private readonly CredentialFile[] _files;

    /// <summary>Initializes a new instance; nothing is read yet.</summary>
    /// <param name="options">Which files and helpers are asked; it is copied.</param>
    /// <exception cref="ArgumentException">A path is empty, or a helper's name is none.</exception>
    public SystemCredentials(SystemCredentialsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        SystemCredentialsOptions own = options.Copy();
        _helperOptions = own.HelperOptions;
        _helpers = own.Helpers.Count == 0 ? [SystemCredentialsOptions.FilesHelper] : [.. own.Helpers];
        foreach (string helper in _helpers)
        {
            if (!CredentialHelper.IsName(helper))
            {
                throw new ArgumentException($"'{Excerpt.Of(helper)}' is not the name of a credential helper.", nameof(options));
            }
        }

        _files =
        [
            .. own.Files.Select(path => new CredentialFile(path, _helperOptions)),
            .. own.LegacyFile is null ? (CredentialFile[])[] : [new CredentialFile(own.LegacyFile) { IsLegacy = true }],
        ];
    }

    /// <summary>Makes one for the files that the environment names; see <see cref="SystemCredentialsOptions.FromEnvironment()"/>.</summary>
    /// <returns>The credentials of this system.</returns>
    public static SystemCredentials FromEnvironment() => new(SystemCredentialsOptions.FromEnvironment());

    /// <inheritdoc/>
    /// <exception cref="DocumentFormatException">A file is malformed.</exception>
    /// <exception cref="CredentialHelperException">A helper is missing or fails.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public async ValueTask<RegistryCredential?> GetCredentialAsync(
        string registry, string repository, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(registry);
        ArgumentNullException.ThrowIfNull(repository);
        CredentialScope scope = CredentialScope.Of(registry, repository);
        var looked = new List<string>();
        foreach (string helper in _helpers)
        {
            RegistryCredential? credential = helper == SystemCredentialsOptions.FilesHelper
                ? await AskFilesAsync(scope, looked, cancellationToken).ConfigureAwait(false)
                : await AskHelperAsync(helper, scope, looked, cancellationToken).ConfigureAwait(false);
            if (credential is not null)
            {
                return credential;
            }
        }

        return new RegistryCredential(null, null) { Source = "this system", Hint = HintOf(looked) };
    }

    private async ValueTask<RegistryCredential?> AskFilesAsync(
        CredentialScope scope, List<string> looked, CancellationToken cancellationToken)
    {
        foreach (CredentialFile file in _files)
        {
            CredentialAnswer answer = await file.LookUpAsync(scope, cancellationToken).ConfigureAwait(false);
            if (answer.Credential is not null)
            {
                return answer.Credential;
            }

            if (answer.Looked is not null)
            {
                looked.Add(answer.Looked);
            }
        }

        return null;
    }

    // Helpers of registries.conf are containers' alone, which know Docker Hub by its plain name only.
    private async ValueTask<RegistryCredential?> AskHelperAsync(
        string name, CredentialScope scope, List<string> looked, CancellationToken cancellationToken)
    {
        var helper = new CredentialHelper(name, _helperOptions);
        looked.Add($"the helper '{name}'");
        RegistryCredential? credential = await helper.GetAsync(scope.Host, cancellationToken).ConfigureAwait(false);

        return credential is null ? null : credential with { Source = $"helper '{name}'" };
    }

    private string HintOf(List<string> looked) =>
        looked.Count > 0 ? $"no credential in {string.Join(", ", looked)}"
        : _files.Length == 0 ? "no file of credentials is named"
        : $"no file of credentials exists: {string.Join(", ", _files.Select(file => $"'{file.Path}'"))}";
}
