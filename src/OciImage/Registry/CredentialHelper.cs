using System.Buffers;
using System.Text;
using OciImage.Registry.Stores;

namespace OciImage.Registry;

/// <summary>A program <c>docker-credential-NAME</c> that keeps credentials, spoken to by the protocol of Docker's credential helpers.</summary>
/// <remarks>
/// The program is looked for in the absolute entries of <c>PATH</c> and started without a shell. It may run for
/// <see cref="CredentialHelperOptions.Timeout"/>, and write 64 KiB to its output and 16 KiB to its error output; beyond either it is
/// ended with the processes it started. Safe for use by many threads; each question is a run of its own.
/// </remarks>
public sealed class CredentialHelper
{
    private const int MaxNameLength = 64;
    private const string NotFoundText = "credentials not found in native keychain";

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    private readonly CredentialHelperOptions _options;

    /// <summary>Initializes a new instance; nothing is looked for or run yet.</summary>
    /// <param name="name">The name without <c>docker-credential-</c>, such as <c>pass</c>.</param>
    /// <param name="options">The options, which are copied, or <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentException">The name is none; see <see cref="IsName"/>.</exception>
    public CredentialHelper(string name, CredentialHelperOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!IsName(name))
        {
            throw new ArgumentException(
                $"'{Excerpt.Of(name)}' is not the name of a credential helper: letters, digits, '.', '_' and '-' are expected.",
                nameof(name));
        }

        Name = name;
        _options = options?.Copy() ?? new CredentialHelperOptions();
    }

    /// <summary>Gets the name without <c>docker-credential-</c>.</summary>
    public string Name { get; }

    // The file that names the helper, for messages.
    internal string? NamedBy { get; init; }

    internal string Label => NamedBy is null
        ? $"The credential helper '{Name}'"
        : $"The credential helper '{Name}', which '{NamedBy}' names,";

    /// <summary>Returns whether a text is a name of a helper.</summary>
    /// <param name="name">The text.</param>
    /// <returns>
    /// <see langword="true"/> for 1 to 64 ASCII letters, digits, <c>.</c>, <c>_</c> and <c>-</c> that begin with a letter or digit and
    /// have no two dots in a row. So no name leads out of the directory or is an option.
    /// </returns>
    public static bool IsName(string? name) =>
        name is { Length: > 0 and <= MaxNameLength } &&
        !name.AsSpan().ContainsAnyExcept(NameCharacters) &&
        char.IsAsciiLetterOrDigit(name[0]) &&
        !name.Contains("..", StringComparison.Ordinal);

    /// <summary>Asks for the credential of a registry (<c>get</c>).</summary>
    /// <param name="serverUrl">
    /// The registry as the helper knows it: its host, and for Docker Hub <c>https://index.docker.io/v1/</c>.
    /// </param>
    /// <param name="cancellationToken">Cancels the question and ends the helper.</param>
    /// <returns>The credential, or <see langword="null"/> where the helper has none.</returns>
    /// <exception cref="ArgumentException"><paramref name="serverUrl"/> is empty or holds a control character.</exception>
    /// <exception cref="CredentialHelperException">The helper is missing, fails, or answers for another registry.</exception>
    public async ValueTask<RegistryCredential?> GetAsync(string serverUrl, CancellationToken cancellationToken = default)
    {
        CheckServer(serverUrl);
        HelperResult result = await RunAsync("get", Encoding.UTF8.GetBytes(serverUrl), cancellationToken).ConfigureAwait(false);
        if (SaysNotFound(result))
        {
            return null;
        }

        return result.ExitCode == 0
            ? HelperAnswer.ParseCredential(this, serverUrl, result.Output)
            : throw Failed("get", result, HelperAnswer.SecretOf(result.Output));
    }

    /// <summary>Gives a credential to the helper to keep (<c>store</c>).</summary>
    /// <param name="serverUrl">The registry, as for <see cref="GetAsync"/>.</param>
    /// <param name="credential">A user and password, or an identity token, which goes before them.</param>
    /// <param name="cancellationToken">Cancels the run and ends the helper, which may have kept the credential already.</param>
    /// <returns>A task that ends when the helper has it.</returns>
    /// <exception cref="ArgumentException">
    /// <paramref name="serverUrl"/> is empty or holds a control character, or the credential has neither.
    /// </exception>
    /// <exception cref="CredentialHelperException">The helper is missing or fails.</exception>
    public async ValueTask StoreAsync(
        string serverUrl, RegistryCredential credential, CancellationToken cancellationToken = default)
    {
        CheckServer(serverUrl);
        ArgumentNullException.ThrowIfNull(credential);
        string? secret = credential.IdentityToken ?? credential.Password;
        if (secret is null || (credential.IdentityToken is null && credential.Username is null))
        {
            throw new ArgumentException("A helper keeps a user with a password, or an identity token.", nameof(credential));
        }

        byte[] input = HelperAnswer.Write(
            serverUrl, credential.IdentityToken is null ? credential.Username! : HelperAnswer.TokenUser, secret);
        HelperResult result = await RunAsync("store", input, cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw Failed("store", result, secret);
        }
    }

    /// <summary>Makes the helper forget the credential of a registry (<c>erase</c>).</summary>
    /// <param name="serverUrl">The registry, as for <see cref="GetAsync"/>.</param>
    /// <param name="cancellationToken">Cancels the run and ends the helper, which may have forgotten it already.</param>
    /// <returns><see langword="false"/> where the helper says that it had none; some say nothing then.</returns>
    /// <exception cref="ArgumentException"><paramref name="serverUrl"/> is empty or holds a control character.</exception>
    /// <exception cref="CredentialHelperException">The helper is missing or fails.</exception>
    public async ValueTask<bool> EraseAsync(string serverUrl, CancellationToken cancellationToken = default)
    {
        CheckServer(serverUrl);
        HelperResult result = await RunAsync("erase", Encoding.UTF8.GetBytes(serverUrl), cancellationToken).ConfigureAwait(false);
        if (SaysNotFound(result))
        {
            return false;
        }

        return result.ExitCode == 0 ? true : throw Failed("erase", result, null);
    }

    /// <summary>Asks for which registries the helper has credentials (<c>list</c>).</summary>
    /// <param name="cancellationToken">Cancels the question and ends the helper.</param>
    /// <returns>The user of each registry; an identity token's is <c>&lt;token&gt;</c>.</returns>
    /// <exception cref="CredentialHelperException">The helper is missing, fails, or does not list.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>> ListAsync(CancellationToken cancellationToken = default)
    {
        // The protocol wants something on the input.
        HelperResult result = await RunAsync("list", "unused"u8.ToArray(), cancellationToken).ConfigureAwait(false);

        return result.ExitCode == 0
            ? HelperAnswer.ParseList(this, result.Output)
            : throw Failed("list", result, HelperAnswer.SecretOf(result.Output));
    }

    internal CredentialHelperException Fault(CredentialHelperErrorKind kind, string text, Exception? cause = null) =>
        new(kind, Name, $"{Label} {text}", cause);

    private ValueTask<HelperResult> RunAsync(string action, byte[] input, CancellationToken cancellationToken) =>
        HelperProcess.RunAsync(this, action, input, _options, cancellationToken);

    // Some say it on the error output, and some end with 0 all the same.
    private static bool SaysNotFound(HelperResult result) => Says(result.Output) || (result.ExitCode != 0 && Says(result.Error));

    private static bool Says(byte[] output) =>
        output.Length < 1024 && Encoding.UTF8.GetString(output).Contains(NotFoundText, StringComparison.OrdinalIgnoreCase);

    private CredentialHelperException Failed(string action, HelperResult result, string? secret)
    {
        string words = HelperAnswer.WordsOf(result, secret);

        return Fault(
            CredentialHelperErrorKind.Failed,
            $"ended with exit code {result.ExitCode} when asked to '{action}'{(words.Length == 0 ? "" : $": {words}")}.");
    }

    private static void CheckServer(string serverUrl)
    {
        ArgumentException.ThrowIfNullOrEmpty(serverUrl);
        foreach (char c in serverUrl)
        {
            if (char.IsControl(c))
            {
                throw new ArgumentException("A registry has no control characters.", nameof(serverUrl));
            }
        }
    }
}
