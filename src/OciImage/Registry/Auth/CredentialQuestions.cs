using System.Collections.Concurrent;

namespace OciImage.Registry.Auth;

/// <summary>Asks for credentials, once for all who want the same one at the same time: a helper may ask its user for a password.</summary>
internal sealed class CredentialQuestions(RegistryOptions options)
{
    private readonly ConcurrentDictionary<(string Registry, string Repository, bool IsWrite), Lazy<Task<RegistryCredential?>>> _open = new();

    /// <summary>Returns the credential under the first name that has one, or <see langword="null"/> to ask anonymously.</summary>
    public async ValueTask<RegistryCredential?> AskAsync(
        IReadOnlyList<string> names, AccessNeed need, CancellationToken cancellationToken)
    {
        RegistryCredential? first = null;
        for (int i = 0; i < names.Count; i++)
        {
            RegistryCredential? credential = await AskAsync(names[i], need, cancellationToken).ConfigureAwait(false);
            if (credential is { IsEmpty: false })
            {
                return credential;
            }

            first ??= credential;
        }

        return first;
    }

    /// <summary>Returns the credential under a name, or <see langword="null"/> to ask anonymously.</summary>
    public async ValueTask<RegistryCredential?> AskAsync(string registry, AccessNeed need, CancellationToken cancellationToken)
    {
        IRegistryCredentialProvider? provider = need.IsWrite ? options.PushCredentials ?? options.Credentials : options.Credentials;
        if (provider is null)
        {
            return null;
        }

        // Who stops waiting does not stop the others, so the question itself is not cancelled.
        var key = (registry, need.Repository, need.IsWrite);
        Lazy<Task<RegistryCredential?>> question = _open.GetOrAdd(key, _ => new Lazy<Task<RegistryCredential?>>(
            () => AskOnceAsync(provider, key)));
        return await question.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // By the question and not by who waits: they may all have gone, and an answer is not for later.
    private async Task<RegistryCredential?> AskOnceAsync(
        IRegistryCredentialProvider provider, (string Registry, string Repository, bool IsWrite) key)
    {
        await Task.Yield();
        try
        {
            return await provider.GetCredentialAsync(key.Registry, key.Repository, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _open.TryRemove(key, out _);
        }
    }
}
