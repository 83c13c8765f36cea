--- A whole number with its digits in groups of three: 12 340.
return function(number)
  local text = ("%d"):format(number)
  return (text:reverse():gsub("(%d%d%d)", "%1 "):reverse():gsub("^ ", ""))
end
