using Microsoft.AspNetCore.Http;

namespace OciImage.Server.Refusals;

/// <summary>Ends a request with a status and the reasons for it.</summary>
internal sealed class Refusal(int statusCode, IReadOnlyList<ErrorEntry> errors) : Exception(errors[0].Message)
{
    public int StatusCode { get; } = statusCode;

    public IReadOnlyList<ErrorEntry> Errors { get; } = errors;

    public static Refusal NameInvalid(string name) =>
        BadRequest(ErrorCodes.NameInvalid, "The name is not one of a repository.", new ErrorDetail(Name: name));

    public static Refusal NameUnknown(string name) =>
        NotFound(ErrorCodes.NameUnknown, "There is no such repository here.", new ErrorDetail(Name: name));

    public static Refusal BlobUnknown(Digest digest) =>
        NotFound(ErrorCodes.BlobUnknown, "The repository has no such blob.", new ErrorDetail(Digest: digest.ToString()));

    public static Refusal ManifestUnknown(string reference) =>
        NotFound(ErrorCodes.ManifestUnknown, "The repository has no such manifest.", new ErrorDetail(Reference: reference));

    public static Refusal ManifestInvalid(string message) => BadRequest(ErrorCodes.ManifestInvalid, message);

    public static Refusal DigestInvalid(string message, string? digest = null) =>
        BadRequest(ErrorCodes.DigestInvalid, message, digest is null ? null : new ErrorDetail(Digest: digest));

    public static Refusal SizeInvalid(string message) => BadRequest(ErrorCodes.SizeInvalid, message);

    public static Refusal TooLarge(string message) =>
        new(StatusCodes.Status413PayloadTooLarge, [new ErrorEntry(ErrorCodes.SizeInvalid, message)]);

    public static Refusal UploadUnknown() =>
        NotFound(ErrorCodes.BlobUploadUnknown, "There is no such upload in this repository.");

    public static Refusal UploadInvalid(int statusCode, string message) =>
        new(statusCode, [new ErrorEntry(ErrorCodes.BlobUploadInvalid, message)]);

    public static Refusal TooManyUploads() => new(
        StatusCodes.Status429TooManyRequests,
        [new ErrorEntry(ErrorCodes.TooManyRequests, "Too many uploads are under way.")]);

    public static Refusal Unauthorized() => new(
        StatusCodes.Status401Unauthorized, [new ErrorEntry(ErrorCodes.Unauthorized, "Credentials are required.")]);

    public static Refusal Denied(int statusCode, string message) =>
        new(statusCode, [new ErrorEntry(ErrorCodes.Denied, message)]);

    public static Refusal Unsupported(int statusCode, string message) =>
        new(statusCode, [new ErrorEntry(ErrorCodes.Unsupported, message)]);

    /// <summary>Refuses what the repository's store has no capability for.</summary>
    public static Refusal NoCapability(string what) =>
        Unsupported(StatusCodes.Status405MethodNotAllowed, $"The store of this repository cannot {what}.");

    private static Refusal BadRequest(string code, string message, ErrorDetail? detail = null) =>
        new(StatusCodes.Status400BadRequest, [new ErrorEntry(code, message, detail)]);

    private static Refusal NotFound(string code, string message, ErrorDetail? detail = null) =>
        new(StatusCodes.Status404NotFound, [new ErrorEntry(code, message, detail)]);
}
