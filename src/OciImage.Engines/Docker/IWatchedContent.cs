namespace OciImage.Engines;

/// <summary>A request's body that says when it moves, and ends early where nobody takes it.</summary>
internal interface IWatchedContent
{
    void Watch(IdleWatch watch);

    void Connect(EarlyAnswerStream connection);
}
