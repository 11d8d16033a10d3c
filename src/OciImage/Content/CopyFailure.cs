namespace OciImage.Content;

/// <summary>Tells at which end a copy failed. The exception itself stays the one that the store threw.</summary>
public static class CopyFailure
{
    private const string Key = "OciImage.CopySide";

    /// <summary>Gets the end at which a copy failed.</summary>
    /// <param name="exception">What a member of <see cref="ContentCopy"/> threw.</param>
    /// <returns>The end, or <see langword="null"/> where neither failed: a cancellation, a verifier's refusal, misuse.</returns>
    public static CopySide? GetSide(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause.Data[Key] is CopySide side)
            {
                return side;
            }
        }

        return null;
    }

    internal static async ValueTask<T> MarkAsync<T>(CopySide side, ValueTask<T> work)
    {
        try
        {
            return await work.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Mark(exception, side);
            throw;
        }
    }

    // The first mark stays: a target that fails because the source's stream did is not at fault.
    internal static void Mark(Exception exception, CopySide side)
    {
        if (exception is not (OperationCanceledException or ArgumentException) && GetSide(exception) is null)
        {
            exception.Data[Key] = side;
        }
    }
}
