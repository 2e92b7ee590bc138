"""The semantic model as files that people review: what was mined is proposed there, what people write there wins."""
