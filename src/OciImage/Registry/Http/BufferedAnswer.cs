namespace OciImage.Registry.Http;

/// <summary>An answer whose body, where it is a success, was read up to a limit.</summary>
/// <param name="Response">The answer.</param>
/// <param name="Body">The bytes, or none where it is no success.</param>
/// <param name="Limit">The limit.</param>
/// <param name="IsCut">Whether there are more bytes than that.</param>
internal sealed record BufferedAnswer(HttpResponseMessage Response, byte[] Body, int Limit, bool IsCut) : IDisposable
{
    /// <summary>Returns the body, and refuses one that is longer than the limit.</summary>
    public byte[] WholeBody() => IsCut
        ? throw new RegistryException(
            $"'{OriginPolicy.Redact(Response.RequestMessage!.RequestUri!)}' answered more than {Limit} bytes.")
        {
            StatusCode = Response.StatusCode,
            RequestUri = OriginPolicy.Redacted(Response.RequestMessage.RequestUri!),
        }
        : Body;

    public void Dispose() => Response.Dispose();
}
